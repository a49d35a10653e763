/** One sandbox per state folder: a second one would declare the first one's trainers lost. */
import { join } from 'node:path';
import { readFileIfAny, removeFile, writeFileAtomic } from './files.ts';

/** Takes the folder, or throws an error that says who has it. Returns how to give it back. */
export function lockState(folder: string): () => void {
  const path = join(folder, 'sandbox.pid');
  const holder = Number(readFileIfAny(path)?.toString('utf8') ?? Number.NaN);
  // The own number is that of a process before a restart, as in a container, where it is always the same.
  if (Number.isInteger(holder) && holder > 0 && holder !== process.pid && isAlive(holder)) {
    throw new Error(
      `the state folder ${folder} is in use by process ${holder}: stop it, or choose another with --state`,
    );
  }
  writeFileAtomic(path, String(process.pid));
  return () => removeFile(path);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
