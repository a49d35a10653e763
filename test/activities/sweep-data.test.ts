/** A sweep's data is made once: what it tokenizes is what each of its trials looks for. */
import { expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chatOf, pinData } from '../../activities/run/pin-data.ts';
import { createUserCode } from '../../activities/user-code/user-code.ts';
import { planTrial } from '../../activities/sweep/propose.ts';
import { sweeping } from '../../activities/sweep/sweep.ts';
import { SweepSpec } from '../../domain/spec/sweep-spec.ts';
import type { OpenedSweep } from '../../domain/words/sweep-workflow.ts';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import { openStore } from '../../store/index.ts';
import { testPool } from '../compute/pool.ts';
import { newFolder, writeRows, writeTokenizer } from '../data/fixtures.ts';
import { experiment } from '../workflows/answering.ts';
import { PLAN } from '../workflows/platform-that-answers.ts';

const compute = testPool();

const HERE = {
  directory: { namespaceId: 'here', endOf: () => Promise.resolve(undefined) },
  shapes: { resolveShape: () => Promise.resolve(PLAN.shape) },
  secrets: new Map<string, string>(),
};

test('a model that holds less than the experiment allows is asked for its size before', async () => {
  const folder = await newFolder();
  const artifacts = openArtifacts(join(folder, 'artifacts'));
  const store = await openStore({ path: join(folder, 'pawl.db') });
  const rows = ['a', 'b', 'c'].map((text) => ({ prompt: `${text} ->`, completion: text }));
  const [tokenizer, train] = [await writeTokenizer(folder), await writeRows(folder, rows)];
  const tried = experiment();
  const spec = { ...tried, model: { ...tried.model, tokenizer }, data: { ...tried.data, train, date: '2026-01-31' } };
  // As the schema has it, far more than the model's.
  expect(spec.data.maxTokens).toBeGreaterThan(PLAN.shape.maxContextTokens);
  const sweep = {
    sweepId: 'rates-00000001',
    hex: '00000001',
    askedBy: 'me',
    experiment: spec,
    spec: SweepSpec.parse({
      name: 'rates',
      experiment: 'x.yaml',
      method: 'grid',
      parameters: { 'train.batchSize': { values: [1, 2] } },
    }),
  };
  const userCode = createUserCode({ artifacts, environments: join(folder, 'python') });
  const activities = sweeping({ ...HERE, artifacts, compute, store, userCode });
  try {
    await new MockActivityEnvironment().run(async () => activities.openSweep(sweep));
    const made = filesIn(folder);
    expect(made.length).toBeGreaterThan(1);

    const { run } = planTrial(sweep, { number: 1, parameters: { 'train.batchSize': 2 }, suite: 'main' });
    const how = { chat: chatOf(run.spec, '2026-01-31'), contextTokens: PLAN.shape.maxContextTokens };
    const found = await pinData({ artifacts, compute }, run.spec, how);
    expect(found.examples).toBe(3);
    expect(filesIn(folder)).toEqual(made);
    // What is read otherwise is made anew: nothing but the settings kept the files as they were.
    await pinData({ artifacts, compute }, run.spec, { ...how, contextTokens: 8 });
    expect(filesIn(folder).length).toBeGreaterThan(made.length);
  } finally {
    await userCode.close();
    await store.close();
  }
});

test('prompts that a trial is chosen by confirm nobody, and those that are trained on are told', async () => {
  const folder = await newFolder();
  const artifacts = openArtifacts(join(folder, 'artifacts'));
  const store = await openStore({ path: join(folder, 'pawl.db') });
  const userCode = createUserCode({ artifacts, environments: join(folder, 'python') });
  const activities = sweeping({ ...HERE, artifacts, compute, store, userCode });
  const tokenizer = await writeTokenizer(folder);
  const train = await writeRows(folder, [{ prompt: 'a ->', completion: 'a' }]);
  const file = (name: string, prompts: readonly string[]): string => {
    const path = join(folder, name);
    writeFileSync(path, prompts.map((prompt) => `${JSON.stringify({ prompt, reference: 'a' })}\n`).join(''));
    return path;
  };
  const tried = experiment({ evaluate: { prompts: file('asked.jsonl', ['b ->', 'c ->']), maxTokens: 4, limit: 1 } });
  const sweep = {
    hex: '00000002',
    askedBy: 'me',
    experiment: {
      ...tried,
      model: { ...tried.model, tokenizer },
      data: { ...tried.data, train, maxTokens: 16, date: '2026-01-31' },
    },
  };
  const opened = async (sweepId: string, prompts: string): Promise<OpenedSweep> => {
    const parameters = { 'train.batchSize': { values: [1, 2] } };
    const spec = SweepSpec.parse({ name: 'x', experiment: 'x.yaml', method: 'grid', parameters, confirm: { prompts } });
    return new MockActivityEnvironment().run(async () => activities.openSweep({ ...sweep, sweepId, spec }));
  };
  try {
    const { confirm } = await opened('x-1', file('others.jsonl', ['a ->', 'd ->']));
    expect(confirm).toMatchObject({ name: 'main', prompts: 2 });
    const said = (await store.sweepEvents('x-1')).map(({ message }) => message);
    expect(said).toContain('confirm: 1 of 2 prompts of suite confirm are in the training data too');
    // One of them is beyond the limit, and might be asked by the next trial.
    await expect(opened('x-2', file('shared.jsonl', ['c ->', 'd ->']))).rejects.toThrow(
      'confirm.prompts: 1 of 2 prompts are among those of suite main, by which x chooses.',
    );
  } finally {
    await userCode.close();
    await store.close();
  }
});

function filesIn(folder: string): string[] {
  return readdirSync(join(folder, 'artifacts'), { recursive: true, encoding: 'utf8' }).sort();
}
