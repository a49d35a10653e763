/** `--local`: a stack for one run, unless one is up already. */
import type { ClientConfig } from '../../config.ts';
import { UserError, messageOf } from '../../errors.ts';
import { readStack, startStack, type StackInfo } from '../../local/stack.ts';
import type { RunScreen } from '../render/run-screen.ts';
import { EXIT } from './exit-codes.ts';
import type { Following } from './follow-run.ts';

export interface LocalStack {
  /** What the run's commands need to find it. */
  readonly config: ClientConfig;
  /** The stack was started for this run, and stops with it. */
  readonly ours: boolean;
}

/** Lends a running stack to `work`. Its own one is stopped again, however `work` ends. */
export async function withLocalStack<T>(
  options: { config: ClientConfig; platform: StackInfo['platform']; screen: RunScreen },
  work: (stack: LocalStack) => Promise<T>,
): Promise<T> {
  const { config, platform, screen } = options;
  const running = await readStack(config.home);
  if (running?.state === 'running' && running.temporalAddress !== undefined) {
    if (running.platform !== platform) throw otherPlatform(running, config.home);
    screen.note(`using the stack that runs on ${config.home} already`);
    const { temporalAddress, temporalNamespace, taskQueue } = running;
    return work({ config: { ...config, temporalAddress, temporalNamespace, taskQueue }, ours: false });
  }
  const stack = await startStack({ config, platform, onProgress: (message) => screen.note(message) });
  screen.note(`the local stack is up; its data and logs are in ${config.home}`);
  try {
    return await work({ config: { ...config, temporalAddress: stack.temporalAddress }, ours: true });
  } finally {
    await stack.stop();
  }
}

function otherPlatform(running: StackInfo, home: string): UserError {
  return new UserError(
    `The stack that runs on ${home} speaks to ${running.platform}.`,
    'Give the same --platform, or choose another home with PAWL_HOME.',
  );
}

/** Our workers stop with us, so the run is cancelled and what it rented returned first. Twice: at once. */
export function cancelRun(): (following: Following) => void {
  let asked = false;
  return ({ runs, runId, screen, leave }) => {
    if (asked) process.exit(EXIT.interrupted);
    asked = true;
    screen.note('cancelling the run and returning what it rented; Ctrl-C again leaves at once');
    runs.stop(runId, { now: true }).catch((error: unknown) => {
      screen.note(`could not cancel it: ${messageOf(error)}`);
      leave();
    });
  };
}
