/** What people are told follows from the facts alone. */
import { describe, expect, test } from '@jest/globals';
import { budgetShares } from '../../domain/decide/budget-share.ts';
import { toldOfPromotion } from '../../domain/decide/told-of-promotions.ts';
import { toldOfRun } from '../../domain/decide/told-of-runs.ts';
import { toldOfSweep } from '../../domain/decide/told-of-sweeps.ts';
import { toldOfWaiting } from '../../domain/decide/told-of-waiting.ts';
import { announcementId } from '../../domain/words/announcements.ts';
import type { RunRecord } from '../../domain/words/run.ts';

const AT: RunRecord = { runId: 'night-1', phase: 'train', step: 30, generation: 3 };

function kinds(facts: Partial<RunRecord>): string[] {
  return toldOfRun({ ...AT, ...facts }).map(({ kind, ordinal }) => `${kind} ${ordinal}`);
}

describe('of a run', () => {
  test('its end, however it came', () => {
    expect(kinds({ outcome: 'finished' })).toEqual(['run.finished end']);
    expect(kinds({ outcome: 'crashed' })).toEqual(['run.crashed end']);
    expect(kinds({ outcome: 'running' })).toEqual([]);
    expect(kinds({})).toEqual([]);
  });

  test('that it diverged: once, when it is judged or when it ends', () => {
    const verdict = { kind: 'stop', reason: 'loss is NaN', checkpoint: 'step-30', diverged: true } as const;
    const told = [...toldOfRun({ ...AT, verdict }), ...toldOfRun({ ...AT, outcome: 'finished', diverged: true })];
    expect(new Set(told.map(announcementId)).size).toBe(2);
    expect(told[0]?.title).toBe('night-1 diverged at step-30: loss is NaN');
  });

  test('each pause, and why it cannot go on', () => {
    expect(kinds({ phase: 'paused', rests: { sinceMs: 5 } })).toEqual(['run.paused 5']);
    const [parked] = toldOfRun({ ...AT, phase: 'parked', rests: { sinceMs: 7, why: 'key refused' } });
    expect(parked).toMatchObject({ kind: 'run.parked', title: 'night-1 cannot go on at step 30: key refused' });
  });

  test('marks of a budget, each once, anew for a limit that was raised', () => {
    const used = { hours: 1.7, cost: 0, tokens: 100 };
    const spent = budgetShares({ maxHours: 2, maxTokens: 100, maxCost: 60 }, used, 0.5);
    expect(kinds({ spent })).toEqual([
      'budget.spent maxHours-2-50',
      'budget.spent maxHours-2-80',
      'budget.spent maxTokens-100-50',
      'budget.spent maxTokens-100-80',
      'budget.spent maxTokens-100-100',
    ]);
    expect(kinds({ spent: budgetShares({ maxHours: 3 }, used, 0.5) })).toEqual(['budget.spent maxHours-3-50']);
    expect(budgetShares({ maxHours: 4 }, used, 0.5)).toEqual([]);
  });
});

test('of waiting, once for each of some times', () => {
  const hour = 3_600_000;
  const at = (hours: number): unknown[] =>
    toldOfWaiting({ runId: 'night-1', sinceMs: hour }, 't', { nowMs: hour + hours * hour, said: 'PENDING' }).map(
      ({ ordinal }) => ordinal,
    );
  expect([at(0.2), at(0.3), at(0.9), at(47), at(100)]).toEqual([
    [],
    [`t/${hour}/0.25`],
    [`t/${hour}/0.25`],
    [`t/${hour}/24`],
    [`t/${hour}/48`],
  ]);
});

test('of a promotion: what a person has to do, and what became of it', () => {
  const asked = { id: 'prod-1', alias: 'prod', runId: 'night-1', checkpoint: 'step-30' };
  expect(toldOfPromotion(asked, 'evaluating', {})).toEqual([]);
  expect(toldOfPromotion(asked, 'awaiting-approval', { reason: 'better' })[0]?.title).toBe(
    'night-1@step-30 as prod waits for approval (pawl approve prod-1): better',
  );
  expect(toldOfPromotion(asked, 'expired', {})).toMatchObject([{ kind: 'promotion.refused', ordinal: 'expired' }]);
});

test('of a sweep: that it is over', () => {
  const best = { number: 4, runId: 'rates-t4', checkpoint: 'step-30', step: 30, score: 0.5 };
  expect(toldOfSweep({ sweepId: 'rates-1', outcome: 'paused', reason: '' })).toEqual([]);
  expect(toldOfSweep({ sweepId: 'rates-1', outcome: 'finished', reason: 'all 12 trials', best })[0]?.title).toBe(
    'rates-1 finished: all 12 trials; the best is trial 4, rates-t4@step-30',
  );
});
