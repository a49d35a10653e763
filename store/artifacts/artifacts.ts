/** Bulky, immutable things as content-addressed files: the name of an artifact is the sha256 of its bytes. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, utimes, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { readBytes, sha256InPieces } from './large-bytes.ts';
import { openNotes, type Notes } from './notes.ts';

export interface Artifacts extends Notes {
  /** For another thread or process: what `openArtifacts` was given. */
  readonly location: string;
  /** Stores bytes under their hash, whole or not at all; putting twice is putting once. */
  put(bytes: Uint8Array): Promise<string>;
  /** The bytes of a hash; proven to be those on the first read of each process. */
  get(hash: string): Promise<Buffer>;
  /** Some of its bytes, however many it has; whether they are right is for the reader to know. Fewer at the end. */
  read(hash: string, range: { readonly offset: number; readonly length: number }): Promise<Buffer>;
  /** Whoever needs it again says so, as by putting it: false, if it is not there. */
  renew(hash: string): Promise<boolean>;
  /** `modifiedMs`: when it was last put. */
  list(): Promise<readonly { readonly hash: string; readonly bytes: number; readonly modifiedMs: number }[]>;
  /** False, and it stays: it was put since. Removing twice is removing once. */
  remove(hash: string, options: { readonly unlessPutSinceMs: number }): Promise<boolean>;
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A folder of artifacts, made if it is not there. */
export function openArtifacts(folder: string): Artifacts {
  const root = resolve(folder);
  makeFolder(root);
  const verified = new Set<string>();
  const pathOf = (hash: string) => join(root, hash.slice(0, 2), hash.slice(2));

  async function reading<Value>(hash: string, use: (file: FileHandle) => Promise<Value>): Promise<Value> {
    let file: FileHandle;
    try {
      file = await open(pathOf(hash), 'r');
    } catch (cause) {
      throw new PawlError(
        'InvalidRequest',
        `Artifact ${hash} is not in ${root}: every worker must share one artifact folder; if it is lost, submit anew.`,
        { cause },
      );
    }
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  }

  return {
    ...openNotes(root),
    location: root,

    async put(bytes) {
      const hash = await sha256InPieces(bytes);
      const path = pathOf(hash);
      const there = (await sizeOf(path)) === bytes.byteLength && (await renewed(path));
      if (!there) await writeWhole(path, bytes);
      return hash;
    },

    async get(hash) {
      const bytes = await reading(hash, async (file) =>
        readBytes(file, { offset: 0, length: (await file.stat()).size }),
      );
      if (verified.has(hash)) return bytes;
      if ((await sha256InPieces(bytes)) !== hash) {
        throw new PawlError(
          'InvalidRequest',
          `Artifact ${pathOf(hash)} is damaged: delete it and submit the run anew.`,
        );
      }
      verified.add(hash);
      return bytes;
    },

    read: async (hash, range) => reading(hash, async (file) => readBytes(file, range)),

    renew: async (hash) => renewed(pathOf(hash)),

    async list() {
      const names = await readdir(root, { recursive: true });
      const hashes = names.map((name) => name.replaceAll(sep, '')).filter((name) => /^[0-9a-f]{64}$/.test(name));
      const found = await Promise.all(
        hashes.map(async (hash) => ({ hash, file: await stat(pathOf(hash)).catch(() => undefined) })),
      );
      return found.flatMap(({ hash, file }) =>
        file === undefined ? [] : [{ hash, bytes: file.size, modifiedMs: file.mtimeMs }],
      );
    },

    async remove(hash, { unlessPutSinceMs }) {
      const path = pathOf(hash);
      if (await putSince(path, unlessPutSinceMs)) return false;
      // Taken aside first: who puts it from here on writes it anew, and who did so since the look above is seen now.
      const aside = `${path}.${randomUUID()}.part`;
      if (!(await moved(path, aside))) return true;
      if (await putSince(aside, unlessPutSinceMs)) {
        await rename(aside, path);
        return false;
      }
      verified.delete(hash);
      await rm(aside, { force: true });
      return true;
    },
  };
}

function makeFolder(root: string): void {
  try {
    mkdirSync(root, { recursive: true });
  } catch (cause) {
    throw new PawlError(
      'InvalidRequest',
      `The artifact folder ${root} cannot be made: choose one that can be written.`,
      {
        cause,
      },
    );
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.size;
}

/** Who puts it needs it: retention must not take it for old. False: it has just been removed. */
async function renewed(path: string): Promise<boolean> {
  const now = new Date();
  return utimes(path, now, now).then(
    () => true,
    () => false,
  );
}

async function putSince(path: string, sinceMs: number): Promise<boolean> {
  const file = await stat(path).catch(unlessMissing);
  return file !== undefined && file.mtimeMs >= sinceMs;
}

/** False: there is nothing to move. */
async function moved(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(
    () => true,
    (error: unknown) => {
      unlessMissing(error);
      return false;
    },
  );
}

function unlessMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return undefined;
}

/** Written beside its place and moved there, so that a reader never sees a part of it, nor a crash leaves one. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const part = `${path}.${randomUUID()}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(part, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (cause) {
    await rm(part, { force: true });
    throw new PawlError('Unavailable', `Artifact ${path} could not be written: free disk space or mend permissions.`, {
      cause,
    });
  }
}
