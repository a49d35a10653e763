/** What the gate is told, from evaluations and samples as they are stored. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { compareOnSuite, examine } from '../../activities/promotion/promotion-evidence.ts';
import { openStore, type ScoredEvaluation, type Store } from '../../store/index.ts';
import type { Examination, GateSuite, PromotionRequest } from '../../domain/words/promotion.ts';
import { testPool } from '../compute/pool.ts';
import { checkpoint, newFolder, newRun, PLAN, produced, scored, SPEC } from './fixtures.ts';

const compute = testPool();
const { signal } = new AbortController();
let store: Store;

beforeEach(async () => {
  store = await openStore({ path: join(await newFolder(), 'pawl.db') });
});

afterEach(() => store.close());

type Row = readonly number[] | 'missing';

/** A checkpoint of a run with its evaluation; each row is what the samples of a prompt scored. */
async function evaluated(
  runId: string,
  step: number,
  rows: readonly Row[],
  change: Partial<ScoredEvaluation> = {},
): Promise<ScoredEvaluation> {
  const identity = `${runId}-${step}`;
  await store.saveCheckpoint(runId, checkpoint(step, { identity }));
  const id = `${runId}/step-${step}/${change.appraisal ?? 'a1'}`;
  const missing = rows.filter((row) => row === 'missing').length;
  const evaluation = scored(step, 1, { id, identity, missing, samples: rows.length - missing, ...change });
  for (const [promptIndex, row] of rows.entries()) {
    const promptHash = String(promptIndex).repeat(64).slice(0, 64);
    const key = { promptIndex, promptHash, promptTokens: 7 };
    if (row === 'missing') await store.saveSample(id, { kind: 'missing', ...key, sampleIndex: 0, error: 'no answer' });
    else
      for (const [sampleIndex, score] of row.entries())
        await store.saveSample(id, produced(promptIndex, { ...key, sampleIndex, score }));
  }
  if (change.appraisal !== undefined) {
    const suite = { evaluate: SPEC.evaluate, plan: PLAN };
    await store.saveAppraisal({ id: change.appraisal, runId, suite, reason: 'to compare' });
  }
  await store.saveEvaluation(runId, evaluation);
  return evaluation;
}

async function planned(runId: string): Promise<void> {
  await store.saveRun({ ...newRun(runId), spec: { ...SPEC, policy: { ...SPEC.policy } } });
  await store.updateRun(runId, { phase: 'done', step: 20, generation: 1, plan: PLAN });
}

function request(runId: string, name: string, id = 'prod-1'): PromotionRequest {
  const gate = { alias: 'prod', margin: 0, approval: false, expiresHours: 24 };
  return {
    kind: 'promote',
    id,
    gate,
    subject: { runId, checkpoint: name },
    askedBy: 'ada',
    askedAt: '2026-11-26T10:00:00.000Z',
  };
}

async function crown(runId: string, name: string, identity: string): Promise<void> {
  const asked = request(runId, name, `prod-${identity}`);
  await store.savePromotion(asked);
  for (const state of ['evaluating', 'promoting', 'promoted'] as const) {
    await store.movePromotion(asked.id, state, { identity });
  }
}

describe('a comparison', () => {
  const suite = (candidate: GateSuite['candidate'], reference: GateSuite['reference']): GateSuite => ({
    suite: 'main',
    direction: 'maximize',
    candidate,
    reference,
  });

  test('is over prompts that both answered in full; what is missing is counted', async () => {
    await planned('a');
    await planned('b');
    const candidate = await evaluated('a', 20, [[1], [1], 'missing', [0]]);
    const reference = await evaluated('b', 20, [[0], [1], [1], 'missing']);
    expect(await compareOnSuite({ store, compute }, suite(candidate, reference), signal)).toMatchObject({
      candidate: { evaluation: 'a/step-20/a1', identity: 'a-20', missing: 1 },
      reference: { evaluation: 'b/step-20/a1', identity: 'b-20', missing: 1 },
      difference: { mean: 0.5, pairs: 2 },
      prompts: 4,
    });
  });

  test('says how much better, also where less is better', async () => {
    await planned('a');
    await planned('b');
    const candidate = await evaluated('a', 20, [[0.25], [0.25]]);
    const reference = await evaluated('b', 20, [[1], [1]]);
    const { difference } = await compareOnSuite(
      { store, compute },
      { ...suite(candidate, reference), direction: 'minimize' },
      signal,
    );
    // Two prompts that agree say nothing of others.
    expect(difference).toEqual({ mean: 0.75, low: expect.any(Number), high: 1, pairs: 2 });
    expect(difference?.low).toBeLessThanOrEqual(0);
  });

  test('takes pass@k of several samples where that is the score', async () => {
    await planned('a');
    await planned('b');
    const sampling = { temperature: 1, maxTokens: 8, samplesPerPrompt: 2, passAt: 2 };
    const candidate = await evaluated(
      'a',
      20,
      [
        [1, 0],
        [0, 1],
      ],
      { sampling },
    );
    const reference = await evaluated(
      'b',
      20,
      [
        [0, 0],
        [1, 1],
      ],
      { sampling },
    );
    const { difference } = await compareOnSuite({ store, compute }, suite(candidate, reference), signal);
    expect(difference).toMatchObject({ mean: 0.5, pairs: 2 });
  });
});

describe('how many were looked at', () => {
  const looksOf = async (candidate: GateSuite['candidate'], reference: GateSuite['reference'], otherGates?: number) => {
    const gate = { suite: 'main', direction: 'maximize', candidate, reference } as const;
    return (
      await compareOnSuite({ store, compute }, { ...gate, ...(otherGates !== undefined && { otherGates }) }, signal)
    ).looks;
  };

  test('is every trained checkpoint of every run that was asked these prompts, but the one it is compared with', async () => {
    await planned('a');
    await planned('b');
    const champion = await evaluated('b', 20, [[1], [0]]);
    await evaluated('a', 0, [[0], [0]]);
    const candidate = await evaluated('a', 20, [[1], [1]]);
    expect(await looksOf(candidate, champion)).toBe(1);
    await evaluated('a', 40, [[0], [1]]);
    // Asked twice is one checkpoint, and one of another run is one more.
    await evaluated('a', 40, [[0], [1]], { appraisal: 'bisect-1' });
    await evaluated('b', 40, [[0], [1]]);
    expect(await looksOf(candidate, champion)).toBe(3);
  });

  test('counts other sets that have some of the prompts, and none that has other ones', async () => {
    await planned('a');
    await planned('b');
    const champion = await evaluated('b', 20, [[1], [0], [1]]);
    const candidate = await evaluated('a', 20, [[1], [1], [1]]);
    await evaluated('a', 40, [[0], [1]], { promptSet: 'e'.repeat(64) });
    expect(await looksOf(candidate, champion)).toBe(2);
    const elsewhere = await evaluated('a', 60, [[0]], { promptSet: 'd'.repeat(64) });
    await store.saveSample(elsewhere.id, produced(7, { promptHash: '7'.repeat(64), sampleIndex: 0, score: 1 }));
    const [first] = await store.samples(elsewhere.id);
    expect(first?.promptHash).toBe('0'.repeat(64));
    expect(await looksOf(candidate, champion)).toBe(3);
    const other = scored(80, 1, { id: 'a/step-80/a1', identity: 'a-80', promptSet: 'c'.repeat(64), samples: 1 });
    await store.saveSample(other.id, produced(9, { promptHash: '9'.repeat(64), sampleIndex: 0, score: 1 }));
    await store.saveEvaluation('a', other);
    expect(await looksOf(candidate, champion)).toBe(3);
  });

  test('adds the other gates that this candidate was asked for, each once', async () => {
    await planned('a');
    await evaluated('a', 0, [[0], [0]]);
    await evaluated('a', 20, [[1], [1]]);
    const ask = (id: string, suites?: string[]) => {
      const asked = request('a', 'step-20', id);
      return { ...asked, gate: { ...asked.gate, ...(suites && { suites }) } };
    };
    await store.savePromotion(ask('prod-1', ['names']));
    await store.savePromotion(ask('prod-2', ['names', 'main']));
    await store.savePromotion(ask('prod-3', ['main', 'names']));
    await store.savePromotion(ask('prod-4'));
    const examined = await examine(store, ask('prod-5', ['main']));
    const [found] = examined.kind === 'candidate' ? examined.suites : [];
    expect(found?.otherGates).toBe(2);
    if (found?.reference.kind !== 'evaluated') throw new Error('there is a baseline');
    expect(await looksOf(found.candidate, found.reference.evaluation, found.otherGates)).toBe(3);
  });

  test('makes the comparison surer: what passes alone does not as one of many', async () => {
    await planned('a');
    const rows = (right: number) => Array.from({ length: 7 }, (_, index) => [index < right ? 1 : 0]);
    const baseline = await evaluated('a', 0, rows(0));
    const candidate = await evaluated('a', 20, rows(7));
    const suite: GateSuite = { suite: 'main', direction: 'maximize', candidate, reference: baseline };
    expect((await compareOnSuite({ store, compute }, suite, signal)).difference?.low).toBeGreaterThan(0);
    for (let step = 40; step <= 200; step += 20) await evaluated('a', step, rows(3));
    const { looks, difference } = await compareOnSuite({ store, compute }, suite, signal);
    expect(looks).toBe(10);
    expect(difference?.low).toBeLessThanOrEqual(0);
  });
});

describe('an examination', () => {
  const suitesOf = (examined: Examination) => (examined.kind === 'candidate' ? examined.suites : examined.reason);

  test('takes the baseline of the run where there is no champion', async () => {
    await planned('a');
    const baseline = await evaluated('a', 0, [[0], [0]]);
    const candidate = await evaluated('a', 20, [[1], [1]]);
    // Somebody else's question does not count as the run's own.
    await evaluated('a', 20, [[0], [0]], { appraisal: 'bisect-1' });
    const { kind: _, ...asStored } = baseline;
    const { kind: __, ...ours } = candidate;
    const examined = await examine(store, request('a', 'step-20'));
    expect(suitesOf(examined)).toEqual([
      {
        suite: 'main',
        direction: 'maximize',
        candidate: { kind: 'scored', ...ours },
        reference: { kind: 'evaluated', evaluation: { kind: 'scored', ...asStored } },
      },
    ]);
    expect(examined).toMatchObject({
      order: { identity: 'a-20', trainerId: 'a-trainer', baseModel: PLAN.baseModel },
    });
    // The same name for whoever asks, and another one for another snapshot.
    const name = examined.kind === 'candidate' ? examined.order.model : '';
    expect(name).toMatch(/^accounts\/a\/models\/speller-20-[0-9a-f]{8}$/);
    expect(await examine(store, request('a', 'step-20', 'prod-2'))).toMatchObject({ order: { model: name } });
  });

  test('takes the champion, evaluated alike by whomever; else it is to be asked', async () => {
    await planned('a');
    await planned('b');
    await evaluated('a', 20, [[1], [1]]);
    await evaluated('b', 20, [[0], [0]], { promptSet: 'f'.repeat(64) });
    await crown('b', 'step-20', 'b-20');
    const [asked] = suitesOf(await examine(store, request('a', 'step-20')));
    expect(asked).toMatchObject({
      reference: {
        kind: 'missing',
        appraisal: {
          appraisalId: 'prod-1-suite-1',
          subject: { runId: 'b', checkpoint: 'step-20' },
          suite: { evaluate: SPEC.evaluate, plan: PLAN },
        },
      },
    });
    await evaluated('b', 20, [[0], [1]], { appraisal: 'prod-1-suite-1' });
    const [known] = suitesOf(await examine(store, request('a', 'step-20')));
    expect(known).toMatchObject({
      reference: { kind: 'evaluated', evaluation: { id: 'b/step-20/prod-1-suite-1', identity: 'b-20' } },
    });
  });

  test('takes the first of several evaluations that miss as little: the luckiest is not chosen', async () => {
    await planned('a');
    await planned('b');
    await evaluated('a', 20, [[1], [1]]);
    await evaluated('b', 20, [[0], 'missing']);
    await crown('b', 'step-20', 'b-20');
    await evaluated('b', 20, [[1], [0]], { appraisal: 'first' });
    await evaluated('b', 20, [[0], [0]], { appraisal: 'second' });
    const [found] = suitesOf(await examine(store, request('a', 'step-20')));
    expect(found).toMatchObject({ reference: { evaluation: { id: 'b/step-20/first' } } });
  });

  test.each([
    ['none', 'step-20', /There is no run|none/],
    ['a', 'step-40', /^a has no checkpoint step-40/],
    ['a', 'step-10', /never evaluated on the suite main/],
    ['a', 'step-15', /^step-15 is a delta.* `pawl promote a@step-20`$/],
    ['a', 'step-20', /is what prod stands for already/],
  ])('refuses %s@%s', async (runId, name, reason) => {
    await planned('a');
    await evaluated('a', 20, [[1], [1]]);
    await store.saveCheckpoint('a', checkpoint(10));
    await store.saveCheckpoint('a', checkpoint(15, { snapshotType: 'delta', previousIdentity: 'snapshot-10' }));
    await crown('a', 'step-20', 'a-20');
    expect(await examine(store, request(runId, name))).toEqual({
      kind: 'refused',
      reason: expect.stringMatching(reason),
    });
  });
});
