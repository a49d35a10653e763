/** Whether a process still runs. */
import { readFileSync } from 'node:fs';
import { codeOf } from '../errors.ts';

/** False for a zombie too: it has ended, and only waits for its parent to take note. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
  return process.platform !== 'linux' || !isZombie(pid);
}

function isZombie(pid: number): boolean {
  try {
    // The state follows the command's name, which is in parentheses and may contain any character.
    return /\) Z [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // Ended since, or a machine that hides its processes: the signal has already answered for the latter.
    return false;
  }
}
