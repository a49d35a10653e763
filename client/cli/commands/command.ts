/** What every command starts from: its environment, its screen, the way to the runs. */
import { Option } from '@commander-js/extra-typings';
import { readConfig, type ClientConfig } from '../../config.ts';
import { locate } from '../../local/locate.ts';
import { processOutput, type Output } from '../output.ts';
import { storeFile } from '../../runs/run-store.ts';
import { Runs } from '../../runs/runs.ts';
import type { ExitCode } from './exit-codes.ts';

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
  const { temporalAddress, temporalNamespace, taskQueue } = await locate(config);
  const runs = new Runs({
    ...(temporalAddress !== undefined && { temporalAddress }),
    temporalNamespace,
    taskQueue,
    storePath: storeFile(config.home),
  });
  try {
    return await work(runs);
  } finally {
    await runs.close();
  }
}

/** Says so where what was asked of a run waits until somebody is there to do it. */
export async function noteNobody(runs: Runs, runId: string, output: Output): Promise<void> {
  const nobody = await runs.nobodyFor(runId).catch(() => undefined);
  if (nobody !== undefined) output.note(`pawl: warning: ${nobody}; until then it waits`);
}

export function outputOption(): Option<'--output <format>', undefined, 'table', undefined, false, 'table' | 'json'> {
  return new Option('--output <format>', 'how to print').choices(['table', 'json'] as const).default('table' as const);
}
