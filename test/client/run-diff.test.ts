import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openStore, type Store } from '../../store/index.ts';
import { colours } from '../../client/cli/render/colours.ts';
import { diffLines } from '../../client/cli/render/diff-lines.ts';
import { diffRuns } from '../../client/lineage/run-diff.ts';
import { spread } from '../../client/lineage/spread.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import { withSettings } from '../../domain/spec/spec-changes.ts';
import type { Plan } from '../../domain/words/plan.ts';
import { checkpoint, metrics, newFolder, newRun, PLAN, scored, SPEC } from '../store/fixtures.ts';

let store: Store;
beforeEach(async () => {
  store = await openStore({ path: join(await newFolder(), 'pawl.db') });
});
afterEach(() => store.close());

interface Facts {
  readonly runId: string;
  readonly spec?: RunSpec;
  readonly plan?: Partial<Plan>;
  /** Score of every prompt at each step. */
  readonly scores: Readonly<Record<number, number>>;
}

async function trained({ runId, spec = SPEC, plan = {}, scores: found }: Facts): Promise<void> {
  const parent = { runId: 'speller-1', checkpoint: 'step-20', step: 20, changes: [] };
  await store.saveRun({ ...newRun(runId), spec, ...(runId !== 'speller-1' && { parent }) });
  await store.updateRun(runId, { phase: 'done', step: 40, generation: 1, plan: { ...PLAN, ...plan } });
  for (const [step, score] of Object.entries(found).map(([key, value]) => [Number(key), value] as const)) {
    const id = `${runId}/step-${step}`;
    await store.saveCheckpoint(runId, checkpoint(step));
    const scores = [1, score, score, score].map((each, prompt) => ({ promptHash: `${prompt}`, score: each }));
    await store.saveEvaluation(runId, scored(step, 1, { id, score }), { scores });
  }
}

const SLOWER = RunSpec.parse(withSettings(SPEC, { 'train.learningRate': 1e-4, 'policy.patience': 2 }));

describe('two runs', () => {
  beforeEach(async () => {
    await trained({ runId: 'speller-1', scores: { 0: 0.1, 20: 0.25, 40: 0.5 } });
    await trained({
      runId: 'speller-2',
      spec: SLOWER,
      plan: { dataset: 'c'.repeat(64) },
      scores: { 20: 0.25, 40: 0.75 },
    });
    await store.recordSteps('speller-1', [metrics(20), metrics(21), metrics(22)]);
    await store.recordSteps('speller-2', [metrics(21, { lossMean: 0.5 }), metrics(22, { lossMean: 0.25 })]);
  });

  test('differ in fields, pinned data, losses and scores, at what they have in common', async () => {
    const diff = await diffRuns(store, 'speller-1', 'speller-2');
    expect(diff.spec).toEqual([
      { path: 'train.optimizer.learningRate', before: 1e-3, after: 1e-4 },
      { path: 'policy.patience', after: 2 },
    ]);
    expect(diff.data).toEqual([{ path: 'training data', before: 'd'.repeat(64), after: 'c'.repeat(64) }]);
    expect(diff.losses).toEqual([
      { step: 21, before: 2 / 21, after: 0.5 },
      { step: 22, before: 2 / 22, after: 0.25 },
    ]);
    expect(
      diff.scores.map(({ suite, step, difference }) => [suite, step, difference?.mean, difference?.pairs]),
    ).toEqual([
      ['main', 20, 0, 4],
      ['main', 40, 0.1875, 4],
    ]);
  });

  test('of thousands of steps and many scores tell evenly chosen ones, and how many there are', async () => {
    const rows = Array.from({ length: 3_000 }, (_, index) => metrics(index + 100));
    for (const runId of ['speller-1', 'speller-2']) {
      await store.recordSteps(runId, rows);
      for (let step = 1_000; step < 1_120; step++) {
        await store.saveCheckpoint(runId, checkpoint(step));
        await store.saveEvaluation(runId, scored(step, 1, { id: `${runId}/step-${step}` }), {
          scores: [{ promptHash: 'p', score: step }],
        });
      }
    }
    const diff = await diffRuns(store, 'speller-1', 'speller-2');
    expect([diff.commonSteps, diff.losses.length, diff.scores.length]).toEqual([3_002, 1_000, 50]);
    expect([diff.losses[0]?.step, diff.losses.at(-1)?.step]).toEqual([21, 3_099]);
    expect([diff.scores[0]?.step, diff.scores.at(-1)?.step]).toEqual([20, 1_119]);
    expect(diffLines(diff, colours(false), 100)).toContain('loss, 3002 steps');
  });

  test('are told apart within 100 columns', async () => {
    const text = diffLines(await diffRuns(store, 'speller-1', 'speller-2'), colours(false), 100);
    const lines = text.split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines.slice(0, 2)).toEqual(['a  speller-1', 'b  speller-2, a branch of a at step 20']);
    expect(text).toMatch(/^train\.optimizer\.learningRate +0\.001 +0\.0001$/m);
    expect(text).toMatch(/^policy\.patience +\(absent\) +2$/m);
    expect(text).toMatch(/^training data +d+… +c+…$/m);
    expect(text).toMatch(/^step 40 +50\.0 % +75\.0 % +\+18\.8 \[/m);
  });

  test('of other prompts are not compared, prompt by prompt', async () => {
    await store.saveEvaluation('speller-2', scored(40, 2, { id: 'again', promptSet: 'f'.repeat(64), score: 0.9 }));
    const diff = await diffRuns(store, 'speller-1', 'speller-2');
    expect(diff.scores.at(-1)).toMatchObject({ step: 40, after: { score: 0.9 } });
    expect(diff.scores.at(-1)).not.toHaveProperty('difference');
    expect(diffLines(diff, colours(false), 100)).toContain('not comparable');
  });

  test('that are the same say so', async () => {
    const text = diffLines(await diffRuns(store, 'speller-1', 'speller-1'), colours(false), 100);
    expect(text).toContain('experiment: the same\n\npinned data: the same');
  });
});

test('of many steps a few are shown, evenly, with the first and the last', () => {
  expect(spread([1, 2, 3], 3)).toEqual([1, 2, 3]);
  expect(
    spread(
      Array.from({ length: 101 }, (_, index) => index),
      5,
    ),
  ).toEqual([0, 25, 50, 75, 100]);
});
