/** Makes a folder with all that leads to it. Node's own way never ends where a file system refuses by ENOENT, as /proc does. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Fails with what the file system says of the first folder that cannot be made. */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  if (await isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent, mode);
  try {
    await mkdir(path, mode);
  } catch (error) {
    // Somebody else may have been quicker.
    if (!(await isFolder(path))) throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
