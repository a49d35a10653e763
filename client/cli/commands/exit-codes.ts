/** What a command's exit code means: one table, shown by `--help`, followed everywhere. */
import { CommanderError } from '@commander-js/extra-typings';
import { ExperimentError } from '../../../files/experiment/experiment-error.ts';
import { UnreachableError } from '../../errors.ts';

export const EXIT = { ok: 0, failed: 1, usage: 2, unreachable: 3, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES_HELP = `
Exit codes:
  0    done; a run that was followed finished
  1    an error; or the run failed, crashed or was cancelled
  2    a wrong command line or an experiment that cannot be run: nothing was started
  3    Temporal does not answer
  130  interrupted by Ctrl-C; a run that is not --local goes on
`;

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof ExperimentError) return EXIT.usage;
  if (error instanceof UnreachableError) return EXIT.unreachable;
  return EXIT.failed;
}
