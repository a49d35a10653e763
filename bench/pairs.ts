/** How much of its time a trainer waits for what is computed here between the two passes of a step over pairs. */
import { DisturbedStack } from '../chaos/stack.ts';
import { clientLoop } from './client-loop.ts';
import { pairsSpecOf, pawlRun } from './pawl-run.ts';
import { median } from './statistics.ts';
import { trainingSpan } from './training-span.ts';

export interface PairsIdle {
  readonly passMs: number;
  readonly stepMs: number;
  readonly steps: number;
  readonly chunks: number;
  readonly pawlMs: number;
  /** The same requests, of which no pass waits for another one's answer. */
  readonly busyMs: number;
  /** Share of the time from the first step to the last in which the trainer had nothing to do. */
  readonly fraction: number;
}

export async function measurePairs(options: {
  passMs: number;
  stepMs: number;
  steps: number;
  rounds: number;
  log: (message: string) => void;
}): Promise<PairsIdle> {
  const { passMs, stepMs, steps, rounds, log } = options;
  const sandboxFlags = ['--compute', 'none', '--step-ms', String(stepMs), '--pass-ms', String(passMs)];
  const stack = await DisturbedStack.start({ workers: 1, direct: true, sandboxFlags });
  try {
    const sets = [`train.steps=${steps}`, `checkpoint.every=${steps}`, 'evaluate.mode=blocking'];
    const spec = await pairsSpecOf(stack, sets);
    const pawl: number[] = [];
    const busy: number[] = [];
    let chunks = 0;
    for (let round = 1; round <= rounds; round++) {
      const { runId, plan } = await pawlRun(stack, spec);
      chunks = plan.chunksPerStep;
      pawl.push((await trainingSpan(stack, runId)).trainingMs);
      busy.push(await clientLoop({ stack, spec, plan, id: `busy-${round}` }));
      log(`pairs, round ${round}: pawl ${pawl.at(-1)?.toFixed(0)} ms, busy ${busy.at(-1)?.toFixed(0)} ms`);
    }
    const [pawlMs, busyMs] = [median(pawl), median(busy)];
    return { passMs, stepMs, steps, chunks, pawlMs, busyMs, fraction: 1 - busyMs / pawlMs };
  } finally {
    await stack.stop();
  }
}
