/** What every command starts from: its environment, its screen, the way to the runs. */
import { Option } from '@commander-js/extra-typings';
import { DEFAULT_TASK_QUEUE } from '../../../domain/words/names.ts';
import { DEFAULT_NAMESPACE, readConfig, type ClientConfig } from '../../config.ts';
import { readStack, type StackInfo } from '../../local/stack.ts';
import { processOutput, type Output } from '../output.ts';
import { storeFile } from '../../runs/run-store.ts';
import { Runs } from '../../runs/runs.ts';
import type { ExitCode } from './exit-codes.ts';

const DEFAULT_TEMPORAL_ADDRESS = '127.0.0.1:7233';

export interface Context {
  readonly config: ClientConfig;
  readonly output: Output;
}

/** Wraps a command's work: reads the environment, and makes what the work returns the exit code. */
export function act<Args extends unknown[]>(
  work: (context: Context, ...args: Args) => Promise<ExitCode>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    const config = readConfig();
    process.exitCode = await work({ config, output: processOutput(config) }, ...args);
  };
}

/** Opens the runs of this home for a while: those of its local stack, if one is up and no other server is named. */
export async function withRuns<T>(config: ClientConfig, work: (runs: Runs) => Promise<T>): Promise<T> {
  const stack = config.temporalAddress === undefined ? await readStack(config.home) : undefined;
  const runs = new Runs({
    temporalAddress: config.temporalAddress ?? stack?.temporalAddress ?? DEFAULT_TEMPORAL_ADDRESS,
    ...placeOf(config, stack),
    storePath: storeFile(config.home),
  });
  try {
    return await work(runs);
  } finally {
    await runs.close();
  }
}

/** What the environment names wins over the stack; where it is silent, the stack knows better than the defaults. */
function placeOf(config: ClientConfig, stack: StackInfo | undefined): { temporalNamespace: string; taskQueue: string } {
  const { temporalNamespace, taskQueue } = config;
  return {
    temporalNamespace:
      temporalNamespace === DEFAULT_NAMESPACE ? (stack?.temporalNamespace ?? DEFAULT_NAMESPACE) : temporalNamespace,
    taskQueue: taskQueue === DEFAULT_TASK_QUEUE ? (stack?.taskQueue ?? DEFAULT_TASK_QUEUE) : taskQueue,
  };
}

export function outputOption(): Option<'--output <format>', undefined, 'table', undefined, false, 'table' | 'json'> {
  return new Option('--output <format>', 'how to print').choices(['table', 'json'] as const).default('table' as const);
}
