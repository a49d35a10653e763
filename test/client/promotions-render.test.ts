import { expect, test } from '@jest/globals';
import type { StoredPromotion } from '../../store/index.ts';
import { aliasLines, promotionLine, promotionLines, undoneLines } from '../../client/cli/render/promotions.ts';

const side = (score: number) => ({ evaluation: `run/e${score}`, identity: `i${score}`, score, missing: 0 });

function promotion(id: string, change: Partial<StoredPromotion> = {}): StoredPromotion {
  return {
    id,
    alias: 'prod',
    runId: 'run',
    checkpoint: 'step-000060-g1',
    state: 'promoted',
    gate: { alias: 'prod', margin: 0, approval: false, expiresHours: 24 },
    askedBy: 'ada@box',
    askedAt: '2026-11-26T10:00:00.000Z',
    ...change,
  };
}

const CHAMPION = promotion('prod-1', {
  reign: 1,
  model: 'accounts/a/models/run-60-1a2b3c4d',
  identity: 'step-000060-g1-1a2b3c4d',
  reason: 'better than its baseline: main',
  comparisons: [
    {
      suite: 'main',
      metric: 'exact_match',
      candidate: side(0.6),
      reference: side(0.4),
      difference: { mean: 0.2, low: 0.1, high: 0.3, pairs: 24 },
      prompts: 24,
    },
  ],
});
const WAITING = promotion('prod-2', { state: 'waiting' });

test('an alias is told with its champion, what was asked of it, and why not', () => {
  const refused = promotion('prod-3', { state: 'refused', reason: 'not shown to be better than the champion: a tie' });
  const lines = aliasLines({ alias: 'prod', champion: CHAMPION, promotions: [WAITING, refused, CHAMPION] }, 40);
  expect(lines).toEqual([
    'prod stands for run@step-000060-g1 (prod-1), accounts/a/models/run-60-1a2b3c4d',
    '',
    expect.stringMatching(/^promotion +state +candidate +against +better by \[95 %\] +asked +decided\n/),
    '',
    'prod-3: not shown to be better than the',
    '  champion: a tie',
    '',
  ]);
  expect(lines[2]).toMatch(/prod-2 +waiting +run@step-000060-g1 +- +- +2026-11-26 10:00 ada@box +-\n/);
  expect(lines[2]).toMatch(/prod-1 +champion +run@step-000060-g1 +its baseline +main \+20.0 \[\+10.0, \+30.0\] +2026/);
  expect(aliasLines({ alias: 'prod', promotions: [WAITING] }, 80)[0]).toBe('prod stands for nothing yet');
});

test('a promotion is told with the evaluations it rests on, and all that happened to it', () => {
  const events = [
    { promotionId: 'prod-1', event: 'waiting', at: '2026-11-26T10:00:00.000Z', by: 'ada@box' },
    { promotionId: 'prod-1', event: 'promoted', at: '2026-11-26T10:00:01.000Z', message: 'two\nlines' },
  ];
  expect(promotionLines({ ...CHAMPION, isChampion: true, events })).toEqual([
    'prod-1: run@step-000060-g1 to prod, its champion',
    'identity step-000060-g1-1a2b3c4d',
    'model accounts/a/models/run-60-1a2b3c4d',
    'compared with its baseline',
    'main: exact_match 60.0 % (run/e0.6) against 40.0 % (run/e0.4): +20.0 [+10.0, +30.0] points, 24 of 24 prompts',
    'better than its baseline: main',
    '',
    '2026-11-26T10:00:00.000Z waiting by ada@box',
    '2026-11-26T10:00:01.000Z promoted: two lines',
  ]);
});

test.each([
  ['waiting', 'prod-1 waits for its turn: run@step-000060-g1 to prod'],
  ['evaluating', 'prod-1 is before the gate: run@step-000060-g1 to prod'],
  ['awaiting-approval', 'prod-1 awaits approval: why\n  pawl approve prod-1\n  pawl reject prod-1 --reason …'],
  ['promoting', 'prod-1 passed: why'],
  ['promoted', 'prod-1 promoted: prod stands for run@step-000060-g1, model m'],
  ['expired', 'prod-1 expired: why'],
] as const)('%s is said as it happens', (state, line) => {
  expect(promotionLine(promotion('prod-1', { state, reason: 'why', model: 'm' }))).toBe(line);
});

test('an undo says how deployments follow', () => {
  expect(undoneLines({ undone: WAITING, champion: CHAMPION })).toEqual([
    'prod stands for run@step-000060-g1 again (prod-1), model accounts/a/models/run-60-1a2b3c4d',
    'deployments serve what they served: pawl rollback DEPLOYMENT run@step-000060-g1',
  ]);
});
