/** How much of its time a trainer waits for pawl while checkpoints are saved, synced and evaluated beside it. */
import { DisturbedStack } from '../chaos/stack.ts';
import { clientLoop } from './client-loop.ts';
import { pawlRun, specOf } from './pawl-run.ts';
import { median } from './statistics.ts';
import { trainingSpan } from './training-span.ts';

export interface Idle {
  readonly stepMs: number;
  readonly steps: number;
  readonly checkpointEvery: number;
  readonly pawlMs: number;
  /** The same steps and saves, asked for so early that the trainer never waits. */
  readonly busyMs: number;
  /** Share of the time from the first step to the last in which the trainer had nothing to do. */
  readonly fraction: number;
}

export async function measureIdle(options: {
  stepMs: number;
  steps: number;
  checkpointEvery: number;
  rounds: number;
  log: (message: string) => void;
}): Promise<Idle> {
  const { stepMs, steps, checkpointEvery, rounds, log } = options;
  const sandboxFlags = ['--compute', 'none', '--step-ms', String(stepMs)];
  const stack = await DisturbedStack.start({ workers: 1, direct: true, sandboxFlags });
  try {
    const spec = await specOf(stack, [`train.steps=${steps}`, `checkpoint.every=${checkpointEvery}`]);
    const pawl: number[] = [];
    const busy: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      const { runId, plan } = await pawlRun(stack, spec);
      pawl.push((await trainingSpan(stack, runId)).trainingMs);
      busy.push(await clientLoop({ stack, spec, plan, id: `busy-${round}`, saveEvery: checkpointEvery }));
      log(`idle, round ${round}: pawl ${pawl.at(-1)?.toFixed(0)} ms, busy ${busy.at(-1)?.toFixed(0)} ms`);
    }
    const [pawlMs, busyMs] = [median(pawl), median(busy)];
    return { stepMs, steps, checkpointEvery, pawlMs, busyMs, fraction: 1 - busyMs / pawlMs };
  } finally {
    await stack.stop();
  }
}
