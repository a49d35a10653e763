/** The files that `data.train` names: files in the order they are listed, a folder's own files by name. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DATA_FILE } from '../../domain/spec/data-files.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';

/** In an order that depends on names only, so that the same data has the same hash on every machine. */
export async function dataFiles(train: string | readonly string[]): Promise<string[]> {
  const paths = typeof train === 'string' ? [train] : train;
  const files = await Promise.all(paths.map(filesOf));
  return files.flat();
}

async function filesOf(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() !== true) return [path];
  const names = await readdir(path).catch((cause: unknown) => {
    throw new PawlError('InvalidRequest', `data.train: ${path} may not be read; change its permissions.`, { cause });
  });
  // Names that begin with a dot are what operating systems leave behind.
  const files = names.filter((name) => DATA_FILE.test(name) && !name.startsWith('.')).sort();
  requireOneKind(path, files);
  if (files.length > 0) return files.map((name) => join(path, name));
  throw new PawlError(
    'InvalidRequest',
    `data.train: the folder ${path} has no file of data (.jsonl, .jsonl.gz, .jsonl.zst, .csv, .parquet); correct the path in the experiment file.`,
  );
}

/** The same rows in two forms would be trained on twice. */
function requireOneKind(folder: string, files: readonly string[]): void {
  const kindOf = (name: string): string =>
    name.replace(/^.*?(?=\.(?:jsonl|csv|tsv|parquet)\b)/, '').replace(/\.(?:gz|zst)$/, '');
  const [first] = files;
  const other = files.find((name) => first !== undefined && kindOf(name) !== kindOf(first));
  if (first === undefined || other === undefined) return;
  throw new PawlError(
    'InvalidRequest',
    `data.train: the folder ${folder} has files of several kinds (${first}, ${other}); name those that are meant.`,
  );
}
