/** Workflows of a sweep whose runs only wait and answer a curve: the sweep itself is the real one. */
import { condition, getExternalWorkflowHandle, setHandler, sleep } from '@temporalio/workflow';
import type { RunInput, RunReport } from '../../domain/words/run.ts';
import { stopSignal, trialEndedSignal, trialScoredSignal, trialWordSignal } from '../../workflows/run/messages.ts';

export { sweep } from '../../workflows/sweep/sweep.ts';

/** Tags of the experiment say how fast trials are: `slow-N` makes the trial of number N three times as slow, `minutes` all. */
export async function run({ runId, spec, sweep: of }: RunInput): Promise<RunReport> {
  if (of === undefined) throw new Error('no trial');
  const { number } = of;
  const { train, checkpoint, tags = [] } = spec;
  const handle = getExternalWorkflowHandle(of.sweepId);
  const told: { step: number; stop?: string } = { step: -1 };
  setHandler(trialWordSignal, (word) => {
    told.step = Math.max(told.step, word.step);
    if (word.stop !== undefined) told.stop ??= word.stop;
  });
  setHandler(stopSignal, ({ reason }) => {
    told.stop ??= reason;
  });
  const stepMs = (tags.includes('minutes') ? 20_000 : 100) * (tags.includes(`slow-${number}`) ? 3 : 1);
  const unscored = tags.includes(`unscored-${number}`);
  let step = 0;
  for (; told.stop === undefined; step += checkpoint.every) {
    await sleep(stepMs);
    const last = step >= train.steps;
    const score = curve(train.optimizer.learningRate, step);
    const scored = { checkpoint: `step-${step}`, step, score, low: score - 0.01, high: score + 0.01 };
    await handle.signal(trialScoredSignal, { number, step, last, ...(!(last && unscored) && { score: scored }) });
    if (last) break;
    if (of.judged) await condition(() => told.step >= step || told.stop !== undefined);
  }
  await handle.signal(trialEndedSignal, { number, outcome: 'finished', reason: told.stop ?? 'trained', step });
  const release = { trainerState: 'gone', deploymentState: 'gone' };
  return { runId, outcome: 'finished', reason: told.stop ?? 'trained', steps: step, release };
}

/** Best at a rate of 0.01, and better with every step. */
function curve(rate: number, step: number): number {
  return (1 - Math.abs(Math.log10(rate) + 2) / 4) * (step / (step + 20));
}
