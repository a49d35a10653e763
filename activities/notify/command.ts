/** A program of the operator's on the worker: the event as JSON on its standard input, nothing of the worker's secrets. */
import { spawn } from 'node:child_process';
import { jsonOf, type Message } from './message.ts';
import type { Sent } from './sent.ts';

const TIMEOUT_MS = 60_000;
const MOST_SAID = 4_096;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function runCommand(command: readonly string[], message: Message, signal: AbortSignal): Promise<Sent> {
  const [program = '', ...args] = command;
  const { id, kind } = message.announcement;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { PATH, LANG: 'C.UTF-8', PAWL_EVENT_ID: id, PAWL_EVENT_TYPE: kind },
    });
    let said = '';
    // With whatever it started.
    const kill = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It is gone.
      }
    };
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      kill();
    }, TIMEOUT_MS);
    signal.addEventListener('abort', kill, { once: true });
    const end = (sent: Sent): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
      resolve(sent);
    };
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(0, MOST_SAID);
    });
    // One that reads nothing closes its end.
    child.stdin.on('error', () => undefined).end(jsonOf(message));
    child.on('error', (error) => end({ kind: 'failed', problem: `it cannot be started: ${error.message}` }));
    child.on('exit', (code, killed) => {
      if (code === 0) return end({ kind: 'sent' });
      const how = late ? `took longer than ${TIMEOUT_MS / 1_000} s` : `ended with ${code ?? killed}`;
      return end({ kind: 'failed', problem: `it ${how}${said === '' ? '' : `: ${said}`}` });
    });
  });
}
