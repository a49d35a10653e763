/** Names of checkpoints, as people type them. */
import { describe, expect, test } from '@jest/globals';
import type { StoredCheckpoint } from '../../store/index.ts';
import {
  findCheckpoint,
  lookUpCheckpoint,
  orLast,
  parseCheckpointReference,
} from '../../client/lineage/checkpoint-reference.ts';
import { storedCheckpoint } from './checkpoints.ts';

const ROWS: readonly StoredCheckpoint[] = [
  storedCheckpoint('step-000000-g1', { step: 0, score: 0.1 }),
  storedCheckpoint('step-000010-g1', { step: 10, score: 0.6 }),
  storedCheckpoint('step-000020-g1', { step: 20, score: 0.4 }),
  storedCheckpoint('step-000020-g2', { step: 20, score: 0.6, generation: 2 }),
  storedCheckpoint('final-000020-g2', { step: 20, generation: 2 }),
];

const POLICY = { direction: 'maximize' as const, minGain: 0 };

function nameOf(text: string, direction: 'maximize' | 'minimize' = 'maximize'): string {
  return findCheckpoint(ROWS, parseCheckpointReference(text), { direction, minGain: 0 }).checkpoint.name;
}

test.each([
  ['run@last', 'final-000020-g2'],
  ['run@20', 'final-000020-g2'],
  ['run@10', 'step-000010-g1'],
  ['run@step-000020-g1', 'step-000020-g1'],
  ['run@step-000020-g1-1a2b3c4d', 'step-000020-g1'],
  // The earliest of equals.
  ['run@best', 'step-000010-g1'],
])('%s is %s', (text, name) => {
  expect(nameOf(text)).toBe(name);
});

test('the best is what the policy of the run calls so', () => {
  expect(nameOf('run@best', 'minimize')).toBe('step-000000-g1');
});

test('the newest run is a run like any other', () => {
  expect(parseCheckpointReference('@newest@10')).toEqual({ run: '@newest', at: { kind: 'step', step: 10 } });
  expect(['@newest', '@newest@best', 'run', 'run@10'].map(orLast)).toEqual([
    '@newest@last',
    '@newest@best',
    'run@last',
    'run@10',
  ]);
});

describe('what names no checkpoint is refused, with what there is', () => {
  test.each(['run', '@10', 'run@', 'run@1@2', '@newest', '@@10', '@newest@'])('%s', (text) => {
    expect(() => parseCheckpointReference(text)).toThrow(/names no checkpoint.*RUN@best/);
  });

  test('a step without one', () => {
    expect(() => nameOf('run@11')).toThrow(/Run run has no checkpoint at step 11\. It has step-000000-g1, .*final-/);
  });

  test('the best where nothing was evaluated, the last where nothing was saved', () => {
    const bare = [storedCheckpoint('step-000000-g1', { step: 0 })];
    expect(() => findCheckpoint(bare, parseCheckpointReference('run@best'), POLICY)).toThrow(/that was evaluated/);
    expect(() => findCheckpoint([], parseCheckpointReference('run@last'), POLICY)).toThrow(/none at all yet/);
  });

  test('a run that nothing is recorded of', async () => {
    const looking = lookUpCheckpoint('run@last', { resolve: async (run) => run, reader: undefined });
    await expect(looking).rejects.toThrow(/Nothing is recorded of run run yet/);
  });
});

test('@best is the best of the suite that the policy judges', () => {
  const rows = ROWS.map((row, index) => ({
    ...row,
    suites: row.evaluation === undefined ? [] : [{ ...row.evaluation, suite: 'hard', score: index === 2 ? 0.9 : 0.1 }],
  }));
  const best = findCheckpoint(rows, parseCheckpointReference('run@best'), { ...POLICY, suite: 'hard' });
  expect(best.checkpoint.name).toBe('step-000020-g1');
});
