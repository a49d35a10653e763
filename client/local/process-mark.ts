/** Which process a process id stood for: ids come back, after a reboot or in a container, to others who are innocent. */
import { readFileSync } from 'node:fs';
import { isAlive } from './alive.ts';

/** The boot, and the moment after it at which the process began; undefined where the system does not tell. */
export function markOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The command's name is in parentheses and may contain any character; the 22nd field is the start.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const started = fields[19];
    return started === undefined ? undefined : `${boot}/${started}`;
  } catch {
    return undefined;
  }
}

/** Whether the very process that was marked still runs. Without a mark, now or then, its id must do. */
export function stillRuns(pid: number, mark: string | undefined): boolean {
  if (!isAlive(pid)) return false;
  const now = markOf(pid);
  return mark === undefined || now === undefined || now === mark;
}
