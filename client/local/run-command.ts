/** Runs a command to its end, bounded in time and output. */
import { execFile, type ExecFileException } from 'node:child_process';
import { messageOf } from '../errors.ts';

/** Reasons end up in one line, several of them. */
const MAX_REASON = 160;

export type CommandResult =
  | { readonly ok: true; readonly output: string }
  | { readonly ok: false; readonly missing: boolean; readonly reason: string };

/** Never rejects: a command that is missing, fails or takes too long is a result too. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { readonly env: Readonly<Record<string, string>>; readonly timeoutMs: number },
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const settings = { env: options.env, timeout: options.timeoutMs, killSignal: 'SIGKILL' as const };
    execFile(command, args, settings, (error, stdout, stderr) => {
      if (error === null) return resolve({ ok: true, output: stdout.trim() });
      const missing = error.code === 'ENOENT';
      return resolve({
        ok: false,
        missing,
        reason: missing ? 'not found' : reasonOf(error, stderr, options.timeoutMs),
      });
    });
  });
}

function reasonOf(error: ExecFileException, stderr: string, timeoutMs: number): string {
  if (error.killed === true) return `no answer within ${timeoutMs / 1000} s`;
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const reason = lines.findLast((line) => /^error/i.test(line)) ?? lines.at(-1) ?? messageOf(error);
  return reason.length > MAX_REASON ? `${reason.slice(0, MAX_REASON)}…` : reason;
}
