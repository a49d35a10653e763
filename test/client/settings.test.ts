/** `--set`: the same words mean the same to a new run and to a branch, and what cannot be set is said alike. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExperimentError } from '../../files/experiment/experiment-error.ts';
import { loadExperiment } from '../../files/experiment/experiment-file.ts';
import { readSettings } from '../../files/experiment/settings.ts';
import { branchInput } from '../../client/lineage/branch.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import { storedCheckpoint } from './checkpoints.ts';
import { PLAN } from '../store/fixtures.ts';
import { STORED } from './examples.ts';

const EXPERIMENT = `name: speller
model: {shape: accounts/fireworks/trainingShapes/tiny, tokenizer: data.jsonl}
data: {train: [data.jsonl, more.jsonl], maxTokens: 64}
train: {steps: 100, batchSize: 4, optimizer: {learningRate: 1e-3}}
checkpoint: {every: 20}
evaluate: {prompts: data.jsonl}
policy: {target: 0.5}
`;

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pawl-settings-'));
  file = join(folder, 'experiment.yaml');
  await writeFile(file, EXPERIMENT);
  for (const name of ['data.jsonl', 'more.jsonl', 'third.jsonl']) await writeFile(join(folder, name), '{}\n');
});

afterAll(async () => rm(folder, { recursive: true }));

async function run(set: readonly string[]): Promise<RunSpec> {
  return loadExperiment(file, { set });
}

async function branch(set: readonly string[]): Promise<RunSpec> {
  const parent = { ...STORED, plan: PLAN, spec: await loadExperiment(file) };
  const row = storedCheckpoint('step-000020-g1', { step: 20 });
  return (await branchInput({ run: parent, row }, { settings: readSettings(set) })).spec;
}

describe('is understood alike by a run and by a branch', () => {
  test.each<[string[], (spec: RunSpec) => unknown, unknown]>([
    [['train.learningRate=5e-4'], ({ train }) => train.optimizer.learningRate, 5e-4],
    [['policy.target=null'], ({ policy }) => policy.target, undefined],
    [['train.epochs=3'], ({ train }) => [train.steps, train.epochs], [0, 3]],
    [['train.epochs=3', 'train.steps=80'], ({ train }) => [train.steps, train.epochs], [80, undefined]],
    [['budget={maxHours: 2}'], ({ budget }) => budget, { maxHours: 2 }],
    [['budget.maxHours=2'], ({ budget }) => budget, { maxHours: 2 }],
    [['train.steps=60', 'train.steps=80'], ({ train }) => train.steps, 80],
    [['name="007"'], ({ name }) => name, '007'],
  ])('%j', async (set, read, value) => {
    expect([read(await run(set)), read(await branch(set))]).toEqual([value, value]);
  });

  test('one of a list', async () => {
    const set = [`data.train.1=${join(folder, 'third.jsonl')}`];
    const wanted = [join(folder, 'data.jsonl'), join(folder, 'third.jsonl')];
    expect([(await run(set)).data.train, (await branch(set)).data.train]).toEqual([wanted, wanted]);
  });
});

describe('is refused alike', () => {
  async function refusals(set: readonly string[]): Promise<unknown[]> {
    return Promise.all(
      [run, branch].map(async (submit) => {
        const error: unknown = await submit(set).catch((thrown: unknown) => thrown);
        return error instanceof ExperimentError ? error.problems : error;
      }),
    );
  }

  test.each([
    ['train.steps', '--set train.steps: expected path=value, for example --set train.steps=100.'],
    ['=3', '--set =3: expected path=value, for example --set train.steps=100.'],
    ['name.x=1', '--set name.x: name is a value, not a section with a field x. Set name itself.'],
    [
      'data.train.2=third.jsonl',
      '--set data.train.2: data.train is a list of 2, counted from 0, and has no 2. Set the whole list: --set data.train=[…].',
    ],
    ['train..steps=5', '--set train..steps: a name between the dots is missing. Write it as section.field.'],
    ['__proto__.x=1', '--set __proto__.x: no field can have this name.'],
    ['train.steps=[', expect.stringMatching(/^--set train\.steps=\[: .*\. Write a value in YAML\.$/)],
  ])('%s', async (set, problem) => {
    expect(await refusals([set])).toEqual([[problem], [problem]]);
  });

  test.each(['train.stepz=5', 'train.steps=many', 'train.batchSize=0'])('%s: the option is blamed', async (set) => {
    for (const problems of await refusals([set])) {
      expect(problems).toEqual([expect.stringMatching(/^--set train\.(step|batchSize)/)]);
    }
  });
});
