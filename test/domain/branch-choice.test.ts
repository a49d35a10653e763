import { describe, expect, test } from '@jest/globals';
import type { TriedBranch } from '../../domain/words/branches.ts';
import { chooseBranch, lossReason, settled } from '../../domain/decide/branch-choice.ts';
import { branchHex } from '../../domain/words/names.ts';

function branch(runId: string, score?: number, change: Partial<TriedBranch> = {}): TriedBranch {
  const scored =
    score === undefined ? {} : { score: { checkpoint: 'c', step: 40, metric: 'exact_match', score, low: 0, high: 1 } };
  return { runId, changes: [], evaluated: 2, ...scored, ...change };
}

describe('the branch that goes on', () => {
  test('is the best, in the direction of the policy', () => {
    const tried = [branch('a', 0.2), branch('b', 0.4), branch('c', 0.3)];
    expect(chooseBranch('maximize', tried)).toEqual({
      chosen: 'b',
      reason: 'b goes on: exact_match 40.0 % at step 40, against 20.0 % at step 40 of a and 30.0 % at step 40 of c',
    });
    expect(chooseBranch('minimize', tried).chosen).toBe('a');
  });

  test('is the first of equals', () => {
    expect(chooseBranch('maximize', [branch('a', 0.2), branch('b', 0.4), branch('c', 0.4)]).chosen).toBe('b');
  });

  test('is none that failed or was never scored; one that finished early may be', () => {
    const failed = branch('a', 0.9, { ended: 'failed: no capacity' });
    expect(chooseBranch('maximize', [failed, branch('b'), branch('c', 0.1)])).toEqual({
      chosen: 'c',
      reason:
        'c goes on: exact_match 10.0 % at step 40, against 90.0 % at step 40 of a (failed: no capacity) and no score of b',
    });
    const done = branch('b', 0.5, { ended: 'finished', evaluated: 1 });
    expect(chooseBranch('maximize', [failed, done, branch('c', 0.1)]).chosen).toBe('b');
  });

  test('is none at all where every one is lost', () => {
    const choice = chooseBranch('maximize', [branch('a', undefined, { ended: 'cancelled' })]);
    expect(choice).toEqual({ reason: 'no branch goes on: no score of a (cancelled)' });
  });
});

test('a branch is settled when it had its trial, or ended', () => {
  expect(settled(branch('a', 0.1, { evaluated: 1 }), 2)).toBe(false);
  expect(settled(branch('a', 0.1, { evaluated: 2 }), 2)).toBe(true);
  expect(settled(branch('a', undefined, { evaluated: 0, ended: 'failed' }), 2)).toBe(true);
});

test('a branch that stops is told for which one, and both scores', () => {
  expect(lossReason(branch('b', 0.4), branch('a', 0.2), 2)).toBe(
    'branch b scored better: exact_match 40.0 % at step 40 against 20.0 % at step 40, after 2 evaluations',
  );
  expect(lossReason(branch('b', 0.4), branch('c', 0.4), 1)).toContain('branch b scored as well, and came first');
});

test('marks of a family are all different, and always the same', () => {
  const marks = ['ffffffff', ...Array.from({ length: 8 }, (_, index) => branchHex('ffffffff', index + 1))];
  expect(new Set(marks).size).toBe(9);
  for (const mark of marks) expect(mark).toMatch(/^[0-9a-f]{8}$/);
  expect(branchHex('00000000', 1)).toBe('9e3779b1');
});
