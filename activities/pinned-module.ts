/** Modules of users: stored under their hash when a run is planned, and imported from those bytes ever after. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Artifacts } from '../store/artifacts/artifacts.ts';
import { PawlError } from '../domain/words/failures-of-calls.ts';

/** Where the experiment names the module: what an error speaks of. */
export interface ModulePlace {
  /** The spec's field, e.g. `train.objective`. */
  readonly field: string;
  readonly path: string;
}

/** The artifact's hash. */
export async function pinModule(artifacts: Artifacts, place: ModulePlace): Promise<string> {
  const bytes = await readFile(place.path).catch((cause: unknown) => {
    throw refusedModule(place, 'it cannot be read by the worker', cause);
  });
  return artifacts.put(bytes);
}

const imported = new Map<string, Promise<unknown>>();

/** What the pinned module exports; evaluated once per process. */
export async function importPinned(
  artifacts: Artifacts,
  pinned: string | undefined,
  place: ModulePlace,
): Promise<unknown> {
  if (pinned === undefined) throw refusedModule(place, 'its content was not pinned; submit the run anew');
  const known = imported.get(pinned) ?? importBytes(await artifacts.get(pinned));
  imported.set(pinned, known);
  try {
    return await known;
  } catch (cause) {
    imported.delete(pinned);
    throw refusedModule(place, `it cannot be loaded (${String(cause)}). It must stand alone, without imports`, cause);
  }
}

/** Imported from a folder of its own: what runs are the pinned bytes, and nothing that lies beside the original. */
async function importBytes(bytes: Uint8Array): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'pawl-module-'));
  try {
    const file = join(folder, 'module.mjs');
    await writeFile(file, bytes);
    return (await import(file)) as unknown;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function refusedModule({ field, path }: ModulePlace, why: string, cause?: unknown): PawlError {
  return new PawlError('InvalidRequest', `${field}: ${path} cannot be used: ${why}.`, { cause });
}
