/** Which runs are listed, in which order; and what is told of each. */
import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { chosen, type RunChoice } from '../../client/runs/run-choice.ts';
import { factsOf } from '../../client/runs/run-facts.ts';
import type { RunSummary } from '../../client/runs/run-view.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import { openStore, type StoredRun } from '../../store/index.ts';
import { checkpoint, newFolder, newRun, scored } from '../store/fixtures.ts';
import { SPEC } from './examples.ts';

function run(runId: string, given: Partial<RunSummary> & { rate?: number; tags?: string[] } = {}): RunSummary {
  const { rate = 0.001, tags, ...rest } = given;
  const train = { ...SPEC.train, optimizer: { ...SPEC.train.optimizer, learningRate: rate } };
  const spec = RunSpec.parse({ ...SPEC, train, ...(tags !== undefined && { tags }) });
  return { runId, outcome: 'finished', createdAt: '2026-11-20T00:00:00.000Z', spec, ...rest };
}

const score = (value: number): NonNullable<RunSummary['score']> => ({
  score: value,
  low: 0,
  high: 1,
  metric: 'm',
  step: 1,
});
const { spec: _, ...untaken } = run('waits', { outcome: 'pending', createdAt: '2026-11-27T00:00:00.000Z' });
const RUNS: readonly RunSummary[] = [
  untaken,
  run('good', {
    score: score(0.5),
    rate: 0.01,
    tags: ['night', 'try'],
    seconds: 7_200,
    cost: { amount: 120, currency: 'USD' },
  }),
  run('bad', { score: score(0.2), outcome: 'failed', reason: 'the key was refused', tags: ['night'] }),
  run('none', { createdAt: '2026-10-01T00:00:00.000Z', rate: 0.0001 }),
];

const ids = (choice: RunChoice): string[] => chosen(RUNS, choice).map(({ runId }) => runId);

describe('runs are chosen', () => {
  test.each<[string[], string[]]>([
    [[], ['waits', 'good', 'bad', 'none']],
    [['outcome=failed'], ['bad']],
    [['outcome!=failed'], ['waits', 'good', 'none']],
    [['score>=0.5'], ['good']],
    [['score<0.5'], ['bad']],
    [['score=null'], ['waits', 'none']],
    [['train.learningRate<1e-3'], ['none']],
    [['train.optimizer.learningRate=0.01'], ['good']],
    [['hours>1', 'cost>100'], ['good']],
    [['started>=2026-11-01'], ['waits', 'good', 'bad']],
    [['reason~KEY was'], ['bad']],
    [['run~^(good|bad)$', 'outcome=finished'], ['good']],
    [['policy.direction=maximize'], ['good', 'bad', 'none']],
  ])('%j', (where, wanted) => expect(ids({ where })).toEqual(wanted));

  test('by tags, of which a run must have all', () => {
    expect(ids({ tags: ['night'] })).toEqual(['good', 'bad']);
    expect(ids({ tags: ['night', 'try'] })).toEqual(['good']);
  });

  test('and sorted, those without the field last', () => {
    expect(ids({ sort: 'score' })).toEqual(['bad', 'good', 'waits', 'none']);
    expect(ids({ sort: '-score' })).toEqual(['good', 'bad', 'waits', 'none']);
    expect(ids({ sort: '-train.learningRate' })).toEqual(['good', 'bad', 'none', 'waits']);
    expect(ids({ sort: 'started' })[0]).toBe('none');
  });

  test('what is no condition, or no field, is told', () => {
    expect(() => ids({ where: ['score'] })).toThrow(
      /--where score: no condition\. Write a field, one of = .* run, outcome/,
    );
    expect(() => ids({ where: ['reason~('] })).toThrow(/--where reason~\(: not a regular expression/);
    expect(() => ids({ where: ['score>[1'] })).toThrow(/--where score>\[1: the value cannot be read/);
    expect(() => ids({ sort: 'scroe' })).toThrow(/--sort scroe: no run has this field\. Fields are run, outcome/);
  });
});

test('the score is the best, the cost that of every machine until its return, the time until the end', async () => {
  const store = await openStore({ path: join(await newFolder(), 'pawl.db') });
  const prices = { trainerPerHour: 10, replicaPerHour: 1, currency: 'EUR' };
  const spec = RunSpec.parse({ ...SPEC, prices, deployment: { replicas: 3 } });
  await store.saveRun({ ...newRun('r', '2026-11-20T10:00:00.000Z'), spec });
  for (const [step, value] of [
    [10, 0.25],
    [20, 0.75],
    [30, 0.5],
  ] as const) {
    await store.saveCheckpoint('r', checkpoint(step));
    await store.saveEvaluation('r', scored(step, 1, { score: value }));
  }
  await store.planLease('r', { kind: 'trainer', id: 't' });
  await store.planLease('r', { kind: 'deployment', id: 'd' });
  const [first] = await store.leases('r');
  const stored = await store.getRun('r');
  const hourLater = Date.parse(first?.plannedAt ?? '') + 3_600_000;
  const of = async (run: Partial<StoredRun>) => (await factsOf(store, [{ ...stored, ...run }], hourLater)).get('r');
  const facts = await of({ outcome: 'running' });
  expect(facts?.score).toMatchObject({ score: 0.75, step: 20 });
  expect(facts?.cost?.currency).toBe('EUR');
  // The second was planned a moment later.
  expect(facts?.cost?.amount).toBeCloseTo(13, 2);
  expect((await of({ outcome: 'finished', updatedAt: '2026-11-20T10:02:05.000Z' }))?.seconds).toBe(125);
  expect((await of({ spec: { ...spec, prices: SPEC.prices } }))?.cost).toBeUndefined();
  await store.close();
});
