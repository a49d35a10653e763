/** One sandbox per state folder: a second one would declare the first one's trainers lost. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFileIfAny, removeFile, writeFileAtomic } from './files.ts';

/** Takes the folder, or throws an error that says who has it. Returns how to give it back. */
export function lockState(folder: string): () => void {
  const path = join(folder, 'sandbox.pid');
  const [pid = '', mark] = (readFileIfAny(path)?.toString('utf8') ?? '').trim().split(' ');
  const holder = pid === '' ? Number.NaN : Number(pid);
  // The own number is that of a process before a restart, as in a container, where it is always the same.
  if (Number.isInteger(holder) && holder > 0 && holder !== process.pid && isAlive(holder) && isSame(holder, mark)) {
    throw new Error(
      `the state folder ${folder} is in use by process ${holder}: stop it, or choose another with --state`,
    );
  }
  writeFileAtomic(path, `${process.pid} ${markOf(process.pid) ?? ''}`.trimEnd());
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

/** Another process may have that id by now: after a reboot, or in a container. */
function isSame(pid: number, mark: string | undefined): boolean {
  const now = markOf(pid);
  return mark === undefined || now === undefined || now === mark;
}

/** The boot, and the moment after it at which the process began; undefined where the system does not tell. */
function markOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[19] === undefined ? undefined : `${boot}/${fields[19]}`;
  } catch {
    return undefined;
  }
}
