/**
 * A program: runs one command for exactly as long as its parent lives. `process.ts` starts it with an IPC channel, whose
 * end, however the parent went, means "stop": SIGTERM, then SIGKILL once the grace period is over. Exits as its child did.
 *
 *     node supervisor.js GRACE_MS COMMAND [ARGUMENT…]
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** What the supervisor tells its parent, once. */
export type SupervisorMessage = { readonly pid: number } | { readonly failed: string };

function main(graceMs: number, command: string, args: readonly string[]): void {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  let killTimer: NodeJS.Timeout | undefined;

  const stop = (): void => {
    if (killTimer !== undefined) return;
    child.kill('SIGTERM');
    killTimer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  };
  process.on('disconnect', stop);
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', stop);

  child.on('spawn', () => tell({ pid: child.pid ?? 0 }));
  child.on('error', (error) => {
    // Also raised when a signal cannot be sent to a child that runs: only a child that never ran ends us.
    if (child.pid === undefined) tell({ failed: error.message }, () => process.exit(127));
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));

  // The parent may have gone before we listened.
  if (!process.connected) stop();
}

function tell(message: SupervisorMessage, then: () => void = () => undefined): void {
  if (process.connected && process.send) process.send(message, undefined, undefined, then);
  else then();
}

const [graceMs, command, ...args] = process.argv.slice(2);
if (command === undefined) process.exit(64);
main(Number(graceMs), command, args);
