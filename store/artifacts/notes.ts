/** Small notes beside the artifacts, each under a key of 64 hex digits: they may be lost at any time, and are never relied on. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface Notes {
  /** What was kept under a key last; unproven, and undefined where there is nothing that can be read. */
  note(key: string): Promise<unknown>;
  keepNote(key: string, value: unknown): Promise<void>;
}

export function openNotes(root: string): Notes {
  const pathOf = (key: string) => join(root, 'notes', `${key}.json`);
  return {
    async note(key) {
      try {
        return JSON.parse(await readFile(pathOf(key), 'utf8')) as unknown;
      } catch {
        return undefined;
      }
    },

    async keepNote(key, value) {
      const path = pathOf(key);
      const part = `${path}.${randomUUID()}.part`;
      try {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(part, JSON.stringify(value));
        await rename(part, path);
      } catch {
        // Whatever stands in the way will be met by an artifact, which says so.
        await rm(part, { force: true }).catch(() => undefined);
      }
    },
  };
}
