/**
 * Files that are no plain JSONL are written as such before they are tokenized: then every core has a range of them, and
 * what is done of them is known by its bytes. They lie beside the artifacts for as long as that takes.
 */
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import type { Compute } from '../compute/compute.ts';
import { isPlain, kindOf } from './formats/kind.ts';

/** JSONL; `name`: what people call the file, where it is another one. */
export interface Source {
  readonly path: string;
  readonly name?: string;
}

interface Unpacked {
  readonly sources: readonly Source[];
  remove(): Promise<void>;
}

/** Generous: a machine may have little time for us. */
const UNPACK_MS = 24 * 3_600_000;

export async function unpackAll(
  { artifacts, compute }: { artifacts: Artifacts; compute: Compute },
  files: readonly string[],
  { signal, onUnpacked }: { signal: AbortSignal; onUnpacked?: (file: string, bytes: number) => void },
): Promise<Unpacked> {
  let folder: string | undefined;
  const remove = async (): Promise<void> => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  };
  const sources: Source[] = [];
  try {
    for (const [index, name] of files.entries()) {
      if (isPlain(await kindOf(name))) {
        sources.push({ path: name });
        continue;
      }
      folder ??= await newFolder(artifacts.location);
      const path = join(folder, `${index}.jsonl`);
      const onProgress = (bytes: number): void => onUnpacked?.(name, bytes);
      await compute.run(
        'data.unpack',
        { path: name, to: path },
        { signal, timeoutMs: UNPACK_MS, what: name, onProgress },
      );
      sources.push({ path, name });
    }
  } catch (cause) {
    await remove();
    throw cause;
  }
  return { sources, remove };
}

const NAME = 'unpacked-';
/** No plan is at it for so long. */
const FORGOTTEN_MS = 5 * 24 * 3_600_000;

async function newFolder(artifacts: string): Promise<string> {
  await mkdir(artifacts, { recursive: true });
  for (const name of await readdir(artifacts)) {
    if (!name.startsWith(NAME)) continue;
    // What a worker left that was killed.
    const left = join(artifacts, name);
    const { mtimeMs } = await stat(left);
    if (Date.now() - mtimeMs > FORGOTTEN_MS) await rm(left, { recursive: true, force: true });
  }
  return mkdtemp(join(artifacts, NAME));
}
