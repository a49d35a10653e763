/** Which checkpoints and artifacts something leads to. */
import { describe, expect, test } from '@jest/globals';
import { reachable, type Tie } from '../../activities/upkeep/retention/reachable.ts';
import { References } from '../../activities/upkeep/retention/references.ts';
import { storedCheckpoint } from '../client/checkpoints.ts';

/** A base and three deltas, twice; the best is a delta in the middle of the second chain. */
const ROWS = [
  storedCheckpoint('a', { step: 0, score: 0.1 }),
  storedCheckpoint('b', { step: 1, score: 0.2, on: 'a' }),
  storedCheckpoint('c', { step: 2, score: 0.3, on: 'b' }),
  storedCheckpoint('d', { step: 3, score: 0.3, on: 'c' }),
  storedCheckpoint('e', { step: 4, score: 0.4 }),
  storedCheckpoint('f', { step: 5, score: 0.9, on: 'e' }),
  storedCheckpoint('g', { step: 6, score: 0.5, on: 'f' }),
  storedCheckpoint('h', { step: 7 }),
];
const RUN = { runId: 'run', policy: { direction: 'maximize' as const, minGain: 0 }, rows: ROWS };

function kept(ties: Tie[] = [], run: Parameters<typeof reachable>[0] = RUN): Record<string, readonly string[]> {
  return Object.fromEntries([...reachable(run, ties)].sort(([one], [other]) => (one < other ? -1 : 1)));
}

describe('a run keeps', () => {
  test('its baseline, its best with all that it stands on, and its last', () => {
    expect(kept()).toEqual({
      a: ['the baseline of all comparisons'],
      e: ['f is a delta on it'],
      f: ['the best of its run'],
      h: ['the last of its run'],
    });
  });

  test('what others depend on, down to its base', () => {
    const tie = { runId: 'run', checkpoint: 'c', reason: 'child branched off here' };
    expect(kept([tie, { ...tie, runId: 'another', checkpoint: 'd' }, { ...tie, checkpoint: 'missing' }])).toMatchObject(
      {
        a: ['the baseline of all comparisons', 'c is a delta on it'],
        b: ['c is a delta on it'],
        c: ['child branched off here'],
      },
    );
    expect(Object.keys(kept([tie])).join('')).toBe('abcefh');
  });

  test('everything while it goes on', () => {
    expect(Object.keys(kept([], { ...RUN, busy: 'its run goes on' })).join('')).toBe('abcdefgh');
  });

  test('what its policy calls the best', () => {
    expect(kept([], { ...RUN, policy: { direction: 'minimize', minGain: 0 } })).toEqual({
      a: ['the baseline of all comparisons', 'the best of its run'],
      h: ['the last of its run'],
    });
  });

  test('nothing where there is nothing', () => {
    expect(kept([], { ...RUN, rows: [] })).toEqual({});
  });
});

test('an artifact is referred to wherever its hash stands; the first reason is told', () => {
  const [one, two] = ['1'.repeat(64), '2'.repeat(64)];
  const found = new References();
  found.add({ reason: 'run a', content: { dataset: one, nested: [{ any: { field: `sha256:${two}` } }] } });
  found.add({ reason: 'run b', content: one });
  found.add({ reason: 'run c', content: undefined });
  found.add({ reason: 'a longer number is no hash', content: '3'.repeat(65) });
  expect([one, two, '3'.repeat(64)].map((hash) => found.get(hash))).toEqual(['run a', 'run a', undefined]);
});
