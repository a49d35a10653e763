/** Wall time of steps through pawl against the same steps in a bare loop, interleaved round by round. */
import { DisturbedStack } from '../chaos/stack.ts';
import { clientLoop } from './client-loop.ts';
import { pawlRun, specOf } from './pawl-run.ts';
import { median } from './statistics.ts';
import { trainingSpan, type TrainingSpan } from './training-span.ts';

export interface Overhead {
  readonly stepMs: number;
  readonly steps: number;
  /** Medians over the rounds. */
  readonly bareMs: number;
  readonly pawlMs: number;
  readonly ratio: number;
  readonly history: TrainingSpan;
}

/** Each about ten seconds or more of work, so that a run has several windows. */
export const OVERHEAD_STEPS: Readonly<Record<number, number>> = { 0: 400, 20: 600, 200: 100 };

export async function measureOverhead(options: {
  stepMs: number;
  steps: number;
  rounds: number;
  log: (message: string) => void;
}): Promise<Overhead> {
  const { stepMs, steps, rounds, log } = options;
  const sandboxFlags = ['--compute', 'none', '--step-ms', String(stepMs)];
  const stack = await DisturbedStack.start({ workers: 1, direct: true, sandboxFlags });
  try {
    const sets = [`train.steps=${steps}`, `checkpoint.every=${steps}`, 'evaluate.mode=blocking'];
    const spec = await specOf(stack, sets);
    const bare: number[] = [];
    const pawl: number[] = [];
    let history: TrainingSpan | undefined;
    for (let round = 1; round <= rounds; round++) {
      const { runId, plan } = await pawlRun(stack, spec);
      history = await trainingSpan(stack, runId);
      pawl.push(history.trainingMs);
      bare.push(await clientLoop({ stack, spec, plan, id: `bare-${round}` }));
      log(`${stepMs} ms steps, round ${round}: pawl ${pawl.at(-1)?.toFixed(0)} ms, bare ${bare.at(-1)?.toFixed(0)} ms`);
    }
    if (history === undefined) throw new Error('no round was run');
    const [pawlMs, bareMs] = [median(pawl), median(bare)];
    return { stepMs, steps, bareMs, pawlMs, ratio: pawlMs / bareMs, history };
  } finally {
    await stack.stop();
  }
}
