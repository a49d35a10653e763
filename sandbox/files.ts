/** Files that are either whole or not there: written beside their name, then renamed. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { z } from 'zod';

/** `flush` makes it outlive the machine's crash, not only the process's; that costs milliseconds. */
export function writeFileAtomic(path: string, content: Uint8Array | string, flush = true): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  const file = openSync(temporary, 'w');
  try {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    let written = 0;
    while (written < bytes.length) written += writeSync(file, bytes, written);
    if (flush) fsyncSync(file);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

export function writeJsonAtomic(path: string, value: unknown, flush = true): void {
  writeFileAtomic(path, `${JSON.stringify(value, undefined, 1)}\n`, flush);
}

/** The file's content, or undefined if there is no such file. */
export function readFileIfAny(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The JSON files of a folder, parsed, in order of their names. */
export function readJsonFolder<Schema extends z.ZodType>(folder: string, schema: Schema): z.output<Schema>[] {
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => readJson(join(folder, name), schema));
}

function readJson<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new Error(`${path} is not a state file of this version: remove it, or choose another folder with --state`, {
      cause: error,
    });
  }
}

export function removeFile(path: string): void {
  rmSync(path, { force: true });
}
