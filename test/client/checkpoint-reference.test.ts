/** Names of checkpoints, as people type them. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openStore, type Store, type StoredCheckpoint } from '../../store/index.ts';
import { lookUpCheckpoint, orLast, parseCheckpointReference } from '../../client/lineage/checkpoint-reference.ts';
import { SPEC, newFolder, newRun } from '../store/fixtures.ts';
import { storedCheckpoint } from './checkpoints.ts';

const ROWS: readonly StoredCheckpoint[] = [
  storedCheckpoint('step-000000-g1', { step: 0, score: 0.1 }),
  storedCheckpoint('step-000010-g1', { step: 10, score: 0.6 }),
  storedCheckpoint('step-000020-g1', { step: 20, score: 0.4 }),
  storedCheckpoint('step-000020-g2', { step: 20, score: 0.6, generation: 2 }),
  storedCheckpoint('final-000020-g2', { step: 20, generation: 2 }),
];

let store: Store;

/** A run of this name with these checkpoints, under this policy. */
async function save(
  runId: string,
  rows: readonly StoredCheckpoint[],
  policy: Partial<(typeof SPEC)['policy']> = {},
): Promise<void> {
  await store.saveRun({ ...newRun(runId), spec: { ...SPEC, policy: { ...SPEC.policy, ...policy } } });
  for (const { checkpoint, evaluation, suites = [] } of rows) {
    await store.saveCheckpoint(runId, checkpoint);
    for (const each of evaluation === undefined ? suites : [evaluation, ...suites]) {
      const id = `${runId}/${checkpoint.name}/${each.suite ?? 'main'}`;
      await store.saveEvaluation(runId, { kind: 'scored', ...each, id });
    }
  }
}

beforeAll(async () => {
  store = await openStore({ path: join(await newFolder(), 'pawl.db') });
  await save('run', ROWS);
  await save('least', ROWS, { direction: 'minimize' });
});

afterAll(() => store.close());

async function nameOf(text: string): Promise<string> {
  const found = await lookUpCheckpoint(text, { resolve: async (run) => run, reader: store });
  return found.row.checkpoint.name;
}

test.each([
  ['run@last', 'final-000020-g2'],
  ['run@20', 'final-000020-g2'],
  ['run@10', 'step-000010-g1'],
  ['run@step-000020-g1', 'step-000020-g1'],
  ['run@step-000020-g1-1a2b3c4d', 'step-000020-g1'],
  // The earliest of equals.
  ['run@best', 'step-000010-g1'],
])('%s is %s', async (text, name) => {
  expect(await nameOf(text)).toBe(name);
});

test('the best is what the policy of the run calls so', async () => {
  expect(await nameOf('least@best')).toBe('step-000000-g1');
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

  test('a step without one', async () => {
    const all = /Run run has no checkpoint at step 11\. It has step-000000-g1, .*final-/;
    await expect(nameOf('run@11')).rejects.toThrow(all);
    const steps = Array.from({ length: 20 }, (_, index) => storedCheckpoint(`step-${index}`, { step: index }));
    await save('long', steps);
    await expect(nameOf('long@20')).rejects.toThrow(/Its last ones are step-12, step-13, .*step-19\.$/);
  });

  test('the best where nothing was evaluated, the last where nothing was saved', async () => {
    await save('bare', [storedCheckpoint('step-000000-g1', { step: 0 })]);
    await save('empty', []);
    await expect(nameOf('bare@best')).rejects.toThrow(/that was evaluated/);
    await expect(nameOf('empty@last')).rejects.toThrow(/none at all yet/);
  });

  test('a run that nothing is recorded of', async () => {
    const looking = lookUpCheckpoint('run@last', { resolve: async (run) => run, reader: undefined });
    await expect(looking).rejects.toThrow(/Nothing is recorded of run run yet/);
  });
});

test('@best is the best of the suite that the policy judges', async () => {
  const rows = ROWS.map((row, index) => ({
    ...row,
    suites: row.evaluation === undefined ? [] : [{ ...row.evaluation, suite: 'hard', score: index === 2 ? 0.9 : 0.1 }],
  }));
  await save('hard', rows, { suite: 'hard' });
  expect(await nameOf('hard@best')).toBe('step-000020-g1');
});
