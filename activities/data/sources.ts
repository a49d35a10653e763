/** The files that `data.train` names: files in the order they are listed, a folder's own files by name. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
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
  const files = names.filter((name) => name.endsWith('.jsonl') && !name.startsWith('.')).sort();
  if (files.length > 0) return files.map((name) => join(path, name));
  throw new PawlError(
    'InvalidRequest',
    `data.train: the folder ${path} has no .jsonl file; correct the path in the experiment file.`,
  );
}
