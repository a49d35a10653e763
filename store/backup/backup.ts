/**
 * A copy of a home that can be trusted: the store as of one moment, whoever writes meanwhile, the artifacts that were
 * there by then, and the hash of each, by which it is verified before anything is put back.
 */
import { createHash } from 'node:crypto';
import { constants, createReadStream, existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { SqliteThread } from '../sqlite/sqlite-thread.ts';

const STORE = 'pawl.db';
const ARTIFACTS = 'artifacts';
const MANIFEST = 'backup.json';

const Manifest = z.object({ madeAt: z.string(), files: z.record(z.string(), z.string()) });
export type BackupManifest = z.output<typeof Manifest>;

/** Copies the store and the artifacts of `home` into `folder`, which must not be there yet; workers may be at work. */
export async function backUp(home: string, folder: string): Promise<BackupManifest> {
  if (existsSync(folder)) throw new PawlError('InvalidRequest', `${folder} is there already: choose a new folder.`);
  if (!existsSync(join(home, STORE))) throw new PawlError('InvalidRequest', `There is no store in ${home}.`);
  // Under another name until it is whole: what was cut short is no backup.
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await copyStore(join(home, STORE), join(unfinished, STORE));
  // After the store: whatever a row refers to was written before it.
  for (const name of await filesIn(join(home, ARTIFACTS))) {
    await mkdir(dirname(join(unfinished, ARTIFACTS, name)), { recursive: true });
    await copyFile(join(home, ARTIFACTS, name), join(unfinished, ARTIFACTS, name), constants.COPYFILE_FICLONE);
  }
  const files: Record<string, string> = {};
  for (const name of await filesIn(unfinished)) files[name] = await hashOf(join(unfinished, name));
  const manifest = { madeAt: new Date().toISOString(), files };
  await writeFile(join(unfinished, MANIFEST), JSON.stringify(manifest, undefined, 2));
  await rename(unfinished, folder);
  return manifest;
}

/** Puts a backup into a home that has no store; fails, and changes nothing, where a file is missing or another one. */
export async function restore(folder: string, home: string): Promise<BackupManifest> {
  if (existsSync(join(home, STORE))) {
    throw new PawlError('InvalidRequest', `${home} has a store: move ${STORE} away first, with its -wal and -shm.`);
  }
  const manifest = await verify(folder);
  // A log that stayed behind belongs to another file.
  for (const ending of ['-wal', '-shm']) await rm(join(home, `${STORE}${ending}`), { force: true });
  for (const name of Object.keys(manifest.files).filter((file) => file !== STORE)) {
    await mkdir(dirname(join(home, name)), { recursive: true });
    await copyFile(join(folder, name), join(home, name));
  }
  // Last, and at once: a store that is there is whole.
  await mkdir(home, { recursive: true });
  await copyFile(join(folder, STORE), join(home, `${STORE}.restoring`));
  await rename(join(home, `${STORE}.restoring`), join(home, STORE));
  return manifest;
}

async function verify(folder: string): Promise<BackupManifest> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch(() => undefined);
  if (text === undefined) throw new PawlError('InvalidRequest', `${folder} is no backup: it has no ${MANIFEST}.`);
  const parsed = Manifest.safeParse(parseJson(text));
  if (!parsed.success) throw new PawlError('InvalidRequest', `${join(folder, MANIFEST)} is damaged.`);
  for (const [name, hash] of Object.entries(parsed.data.files)) {
    if (name.split('/').includes('..')) throw new PawlError('InvalidRequest', `${MANIFEST} names ${name}.`);
    const found = await hashOf(join(folder, name)).catch(() => undefined);
    if (found !== hash) {
      const problem = found === undefined ? 'is missing' : 'is not what was backed up';
      throw new PawlError('InvalidRequest', `${join(folder, name)} ${problem}: take another backup.`);
    }
  }
  if (!(STORE in parsed.data.files)) throw new PawlError('InvalidRequest', `${folder} holds no store.`);
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** By SQLite itself, in one reading transaction: as of one moment, and without a log beside it. */
async function copyStore(from: string, to: string): Promise<void> {
  const thread = new SqliteThread({ path: from, readonly: false, busyTimeoutMs: 5_000 });
  try {
    await thread.open();
    await thread.exec(`VACUUM INTO '${to.replaceAll("'", "''")}'`);
  } finally {
    await thread.close();
  }
  const copy = new SqliteThread({ path: to, readonly: true, busyTimeoutMs: 0 });
  try {
    await copy.open();
    const { rows } = await copy.query('PRAGMA integrity_check');
    if (rows[0]?.['integrity_check'] !== 'ok') throw new PawlError('InvalidRequest', `The store ${from} is damaged.`);
  } finally {
    await copy.close();
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files: string[] = [];
  for (const name of names) if ((await stat(join(folder, name))).isFile()) files.push(name);
  return files;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
