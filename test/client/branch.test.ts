import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { recording } from '../../activities/run/record.ts';
import { openStore, type Store } from '../../store/index.ts';
import { branchInput, type BranchRequest } from '../../client/lineage/branch.ts';
import { lookUpCheckpoint, orLast } from '../../client/lineage/checkpoint-reference.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import { checkpoint, newFolder, newRun, PLAN, scored, SPEC } from '../store/fixtures.ts';

let store: Store;
let spec: RunSpec;

/** Step 20 was saved twice, as a rewind came between; step 40 as a delta, and as the base that a run ends with. */
beforeEach(async () => {
  const folder = await newFolder();
  mkdirSync(join(folder, 'data'));
  const file = (name: string): string => {
    const path = join(folder, 'data', name);
    writeFileSync(path, '{}\n');
    return path;
  };
  spec = {
    ...SPEC,
    model: { ...SPEC.model, tokenizer: file('tokenizer.json') },
    data: { ...SPEC.data, train: file('train.jsonl') },
    evaluate: { ...SPEC.evaluate, prompts: file('prompts.jsonl') },
  };
  store = await openStore({ path: join(folder, 'pawl.db') });
  await store.saveRun({ ...newRun('speller-1'), spec });
});

afterEach(() => store.close());

async function trained(): Promise<void> {
  await store.updateRun('speller-1', { phase: 'done', step: 40, generation: 2, plan: PLAN });
  const saved = [
    checkpoint(0),
    checkpoint(20),
    checkpoint(20, { name: 'step-20-g2', generation: 2, identity: 'snapshot-20-g2', trainerId: 'speller-1-trainer-2' }),
    checkpoint(40, { generation: 2, trainerId: 'speller-1-trainer-3', stateTrainerId: 'speller-1-trainer-2' }),
  ];
  for (const row of saved) await store.saveCheckpoint('speller-1', row);
  await store.saveEvaluation('speller-1', scored(0, 1, { score: 0.1 }));
  await store.saveEvaluation('speller-1', scored(20, 1, { score: 0.7, checkpoint: 'step-20-g2' }));
  await store.saveEvaluation('speller-1', scored(40, 1, { score: 0.7 }));
}

async function branch(
  reference: string,
  request: BranchRequest = {},
): Promise<Awaited<ReturnType<typeof branchInput>>> {
  const resolve = (run: string): Promise<string> => Promise.resolve(run);
  return branchInput(await lookUpCheckpoint(orLast(reference), { resolve, reader: store }), request);
}

describe('a branch', () => {
  test('names the trainer that saved the state, and everything that its parent pinned', async () => {
    await trained();
    const { parent } = await branch('speller-1', { settings: { 'train.steps': 80 } });
    expect(parent).toEqual({
      runId: 'speller-1',
      checkpoint: 'step-40',
      step: 40,
      statePath: 'tinker://model/weights/step-40',
      trainerId: 'speller-1-trainer-2',
      dataset: PLAN.dataset,
      promptSet: PLAN.promptSet,
      changes: [{ path: 'train.steps', before: 40, after: 80 }],
    });
    const first = await branch('speller-1@0');
    expect(first.parent).toMatchObject({ trainerId: 'speller-1-trainer', changes: [] });
  });

  test('has a name of its own if it is given one, which is no change', async () => {
    await trained();
    const { runId, spec: named, parent } = await branch('speller-1@20', { name: 'slower' });
    expect(runId).toMatch(/^slower-[0-9a-f]{8}$/);
    expect(named).toEqual({ ...spec, name: 'slower' });
    expect(parent?.changes).toEqual([]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['an unknown field', { 'train.optimiser.learningRate': 1 }, 'Did you mean "optimizer"?'],
    ['a wrong type', { 'train.learningRate': 'low' }, '--set train.optimizer.learningRate: expected a number'],
    ['another model', { 'model.lora.rank': 4 }, '--set model.lora: a branch goes on with its parent’s weights'],
    ['a file that is not there', { 'data.train': 'nowhere.jsonl' }, '--set data.train: there is no file'],
    [
      'what a field of its parent does not go together with',
      { 'train.steps': 10 },
      '--set train.steps: checkpoint.every: 20 is more than train.steps (10)',
    ],
    ['no step left', { 'train.steps': 20 }, '--set train.steps: 20 steps in all, and the checkpoint is of step 20'],
  ])('is refused with %s', async (_, settings, message) => {
    await trained();
    await expect(branch('speller-1@20', { settings })).rejects.toThrow(message);
  });

  test('must wait for a checkpoint', async () => {
    await expect(branch('speller-1')).rejects.toThrow('Run speller-1 has no checkpoint yet.');
  });
});

test('the store knows a branch’s parent, and a run’s branches', async () => {
  const parent = { runId: 'speller-1', checkpoint: 'step-20', step: 20, changes: [{ path: 'train.steps', after: 80 }] };
  await store.saveRun({ ...newRun('speller-2', '2026-01-03T00:00:00.000Z'), parent });
  await store.saveRun({ ...newRun('speller-3', '2026-01-02T00:00:00.000Z'), parent: { ...parent, changes: [] } });
  expect(await store.getRun('speller-2')).toMatchObject({ parent });
  expect(await store.getRun('speller-1')).not.toHaveProperty('parent');
  expect((await store.branchesOf('speller-1')).map(({ runId }) => runId)).toEqual(['speller-3', 'speller-2']);
  expect(await store.branchesOf('speller-2')).toEqual([]);
});

test('a branch whose files were changed since says so', async () => {
  const parent = {
    runId: 'speller-1',
    checkpoint: 'step-20',
    step: 20,
    changes: [{ path: 'train.steps', before: 40, after: 80 }],
    statePath: 'tinker://model/weights/step-20',
    trainerId: 'speller-1-trainer',
    dataset: 'a'.repeat(64),
    promptSet: PLAN.promptSet,
  };
  await store.saveRun({ ...newRun('speller-2'), parent });
  const { record } = recording({ store, directory: { endOf: async () => undefined } });
  await record({ runId: 'speller-2', phase: 'plan', step: 20, generation: 1, plan: PLAN, parent });
  const told = (await store.events('speller-2')).map(({ level, message }) => `${level} ${message}`);
  expect(told.slice(0, 2)).toEqual([
    'info branch of speller-1 at step 20 (step-20): train.steps 40 → 80',
    "warn training data dddddddddddd differs from the parent's (aaaaaaaaaaaa): steps go on with other examples",
  ]);
  expect(told.join()).not.toContain('cannot be compared');
});
