/** The search for the first checkpoint that is worse, with an oracle in place of evaluations. */
import { describe, expect, test } from '@jest/globals';
import { nextStep, type SearchStep } from '../../domain/decide/bisect-search.ts';
import type { Standing } from '../../domain/words/serving.ts';

/** Searches to the end; also which ones were looked at. */
function search(count: number, oracle: (index: number) => Standing): { end: SearchStep; looks: number[] } {
  const standings = new Map<number, Standing>();
  const looks: number[] = [];
  for (;;) {
    const step = nextStep(count, standings);
    if (step.kind !== 'probe') return { end: step, looks };
    expect(standings.has(step.index)).toBe(false);
    standings.set(step.index, oracle(step.index));
    looks.push(step.index);
  }
}

describe('a clean fall is found', () => {
  const places = [2, 3, 5, 17, 100].flatMap((count) =>
    Array.from({ length: Math.min(count - 1, 20) }, (_, index) => ({ count, first: index + 1 })),
  );

  test.each(places)('of $count checkpoints at $first', ({ count, first }) => {
    const { end, looks } = search(count, (index) => (index >= first ? 'fell' : 'held'));
    expect(end).toEqual({ kind: 'found', lastGood: first - 1, firstBad: first });
    expect(looks[0]).toBe(count - 1);
    expect(looks.length).toBeLessThanOrEqual(1 + Math.ceil(Math.log2(count)));
  });
});

test('where the last one is no worse there is nothing to look for', () => {
  for (const standing of ['held', 'unclear'] as const) {
    const { end, looks } = search(9, () => standing);
    expect(end).toEqual({ kind: 'no-fall', lastGood: 0, firstBad: 8 });
    expect(looks).toEqual([8]);
  }
});

test('what noise hides is passed over; what it leaves is told as a range', () => {
  const hidden = new Set([4, 5]);
  const oracle = (index: number): Standing => (hidden.has(index) ? 'unclear' : index > 5 ? 'fell' : 'held');
  expect(search(9, oracle).end).toEqual({ kind: 'inconclusive', lastGood: 3, firstBad: 6 });
  const allHidden = search(5, (index) => (index === 4 ? 'fell' : 'unclear'));
  expect(allHidden.end).toEqual({ kind: 'inconclusive', lastGood: 0, firstBad: 4 });
  expect(allHidden.looks).toHaveLength(4);
});

test('a fall that was made up for later is not the first one', () => {
  const { end } = search(9, (index) => (index === 8 || index === 4 || index === 3 ? 'fell' : 'held'));
  expect(end).toEqual({ kind: 'found', lastGood: 2, firstBad: 3 });
});
