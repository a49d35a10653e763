/** Checkpoints served again, in words. */
import { expect, test } from '@jest/globals';
import { bisectLines, probeLine, reproductionLines, rollbackLines } from '../../client/cli/render/serving-lines.ts';
import type { BisectReport, Probe } from '../../domain/words/serving.ts';
import type { StepMetrics } from '../../domain/words/training.ts';
import { storedCheckpoint } from './checkpoints.ts';

const { checkpoint } = storedCheckpoint('step-000008-g1', { step: 8, on: 'step-000004-g1' });

function probe(step: number, standing: Probe['standing']): Probe {
  const { evaluation } = storedCheckpoint(`step-${step}`, { step, score: 0.5 });
  if (evaluation === undefined) throw new Error('it has a score');
  const overGood = { mean: -0.25, low: -0.5, high: -0.125, pairs: 24 };
  return { checkpoint: `step-${step}`, step, evaluation, drawn: step > 0, standing, ...(step > 0 && { overGood }) };
}

const STEPS: StepMetrics[] = [1, 2, 3, 4].map((step) => ({
  step,
  generation: 1,
  lossMean: step === 3 ? 9 : 2 / step,
  learningRate: step / 100,
  tokens: 1,
  seconds: 1,
}));

test('a rollback tells the chain, and each replica', () => {
  const loaded = ['a', 'b'].map((identity) => ({ identity, replicas: 2, seconds: 1 }));
  const lines = rollbackLines({
    deploymentId: 'prod',
    checkpoint,
    previousIdentity: 'c',
    previousTrainer: 'other-trainer',
    loaded,
    replicas: [{ ready: true, identity: 'b' }, { ready: false }],
  });
  expect(lines).toEqual([
    'prod serves step-000008-g1 again (before: c)',
    'linked to the trainer that saved it; before, to other-trainer',
    'loaded its base and 1 delta: a → b',
    'replica 1 of 2 reports b',
    'replica 2 of 2 reports its original weights, not ready',
  ]);
});

test.each([
  [true, true, 'reproduced: greedy answers, all identical'],
  [true, false, 'reproduced, as far as chance goes'],
  [false, true, 'not reproduced: greedy answers must be identical'],
  [false, false, 'not reproduced: the difference is more than chance would make'],
])('a reproduction that is %s, greedy %s: %s', (reproduced, greedy, words) => {
  const { evaluation } = probe(8, 'held');
  const answers = { pairs: 24, identical: 23, unpaired: 1, maxLogprobDifference: 0.00012 };
  const lines = reproductionLines({ before: evaluation, after: evaluation, answers, greedy, reproduced });
  expect(lines.at(-1)).toBe(words);
  expect(lines.join('\n')).toMatch(/23 of 24 answers are identical token by token; 1 have no pair\n.*1\.2e-4 nats/);
});

test('a search tells each probe, and what changed before the first bad checkpoint', () => {
  expect(probeLine(probe(0, 'held'))).toMatch(/^step 0 .*as evaluated before {2}the good one$/);
  expect(probeLine(probe(4, 'fell'))).toMatch(/drawn now {2}fell: -25\.0 \[-50\.0, -12\.5\] over the good one$/);
  const report: BisectReport = {
    runId: 'run',
    outcome: 'found',
    lastGood: 'step-2',
    firstBad: 'step-4',
    probes: [probe(2, 'held'), probe(4, 'fell')],
  };
  expect(bisectLines(report, STEPS)).toEqual([
    'first bad checkpoint: step-4, step 4 (the one before it, step-2, held)',
    'between steps 2 and 4: learning rate 0.0200 → 0.0400, loss 1.000 → 0.500, at most 9.000 at step 3',
  ]);
  expect(bisectLines({ ...report, outcome: 'inconclusive' }, STEPS)[0]).toMatch(
    /after step-2 and at step-4 at the latest/,
  );
  expect(bisectLines({ ...report, outcome: 'no-fall' }, STEPS)).toEqual([
    'step-4 is not worse than step-2 beyond chance: there is no fall to look for',
  ]);
});
