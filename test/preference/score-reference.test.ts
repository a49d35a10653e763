/** The reference of a dataset, scored by an attempt that dies and by the one that goes on. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { join } from 'node:path';
import { z } from 'zod';
import { createFireworksBackend } from '../../activities/backends/fireworks/index.ts';
import { importDataset } from '../../activities/data/import-dataset.ts';
import { referenceKey } from '../../activities/preference/reference.ts';
import { scoring } from '../../activities/preference/score-reference.ts';
import type { Trainer } from '../../activities/ports.ts';
import type { ReferenceInput } from '../../domain/words/training.ts';
import { openArtifacts, type Artifacts } from '../../store/artifacts/artifacts.ts';
import { testPool } from '../compute/pool.ts';
import { writeRows, writeTokenizer } from '../data/fixtures.ts';
import { NANO } from '../sandbox/harness.ts';
import { rentTrainer, type RentedTrainer } from '../sandbox/rented-trainer.ts';
import { newRun, PLAN } from '../store/fixtures.ts';

const TRAINER = 'frozen-trainer';
const PAIRS = 550;
/** 64 examples a request. */
const REQUESTS = Math.ceil((2 * PAIRS) / 64);
const compute = testPool();
const Ledger = z.object({
  trainers: z.array(z.object({ models: z.array(z.object({ forwardCalls: z.number() })) })),
});
let rented: RentedTrainer;

beforeAll(async () => {
  rented = await rentTrainer({ id: TRAINER, baseModel: NANO, loraRank: 0, forwardOnly: true });
});

afterAll(async () => {
  await rented?.close();
});

async function forwardCalls(): Promise<number[]> {
  const { trainers } = Ledger.parse(await rented.sandbox.ok('GET', '/sandbox/v1/ledger'));
  return trainers.flatMap(({ models }) => models.map((model) => model.forwardCalls));
}

test('an attempt goes on behind the last part of a dead one, by the same model, and nothing is asked twice', async () => {
  const artifacts = openArtifacts(join(rented.folder, 'artifacts'));
  const letters = ['a', 'b', 'c'];
  const rows = Array.from({ length: PAIRS }, (_, index) => ({
    prompt: `${letters[index % 3]} ->`,
    chosen: index
      .toString(3)
      .split('')
      .map((digit) => letters[Number(digit)])
      .join(' '),
    rejected: 'a',
  }));
  const chat = { tokenizer: await writeTokenizer(rented.folder) };
  const train = await writeRows(rented.folder, rows);
  const dataset = await importDataset({ artifacts, compute }, { chat, train, maxTokens: 16, preferences: 'pairs' });
  const run = newRun('scored');
  await rented.store.saveRun(run);
  const plan = { ...PLAN, dataset: dataset.hash, baseModel: NANO, preferences: 'pairs' as const, reference: {} };
  const input: ReferenceInput = { runId: run.runId, plan, trainerId: TRAINER };
  const backend = createFireworksBackend({ apiKey: 'any-key', baseUrl: rented.sandbox.url });
  try {
    const dying = new MockActivityEnvironment();
    const dies: Artifacts = {
      ...artifacts,
      async keepNote(key, value) {
        await artifacts.keepNote(key, value);
        if (key === referenceKey(plan)) dying.cancel();
      },
    };
    await expect(
      dying.run(() => scoring({ backend, store: rented.store, artifacts: dies }).scoreReference(input)),
    ).rejects.toThrow();

    const { scoreReference } = scoring({ backend, store: rented.store, artifacts });
    // What the first attempt beat last may never have arrived.
    const next = new MockActivityEnvironment({ attempt: 2 });
    const hash = String(await next.run(() => scoreReference(input)));
    expect((await artifacts.get(hash)).length).toBe(2 * PAIRS * 8);
    expect(await forwardCalls()).toEqual([REQUESTS]);

    expect(await new MockActivityEnvironment().run(() => scoreReference(input))).toBe(hash);
    expect(await forwardCalls()).toEqual([REQUESTS]);

    // Of a model that cannot score the data nothing is kept.
    const speechless = { ...backend, trainer: (id: string) => silent(backend.trainer(id)) };
    const elsewhere = { ...input, plan: { ...plan, platform: 'another' } };
    const silence = new MockActivityEnvironment().run(() =>
      scoring({ backend: speechless, store: rented.store, artifacts }).scoreReference(elsewhere),
    );
    await expect(silence).rejects.toThrow('no finite log-probability');
    expect(await artifacts.note(referenceKey(elsewhere.plan))).toBeUndefined();
  } finally {
    await backend.close();
  }
}, 240_000);

/** What a run asks whose frozen trainer is its own, and whose data others have too. */
async function scorer(name: string, trainerId: string, train: string): Promise<ReferenceInput> {
  const artifacts = openArtifacts(join(rented.folder, 'artifacts'));
  const chat = { tokenizer: await writeTokenizer(rented.folder) };
  const dataset = await importDataset({ artifacts, compute }, { chat, train, maxTokens: 16, preferences: 'pairs' });
  await rented.fireworks.trainerJobs.createAndWait({ id: trainerId, baseModel: NANO, loraRank: 0, forwardOnly: true });
  const run = newRun(name);
  await rented.store.saveRun(run);
  const plan = { ...PLAN, dataset: dataset.hash, baseModel: NANO, preferences: 'pairs' as const, reference: {} };
  return { runId: run.runId, plan, trainerId };
}

test('of two runs that want the same scores at the same time one asks, and who dies at it is succeeded', async () => {
  const artifacts = openArtifacts(join(rented.folder, 'artifacts'));
  const rows = Array.from({ length: 70 }, (_, index) => ({
    prompt: 'c ->',
    chosen: ['a', 'b'].concat(index % 2 === 0 ? ['c'] : []).join(' '),
    rejected: 'b',
  }));
  const train = await writeRows(rented.folder, rows);
  const [one, other] = [await scorer('one', 'frozen-one', train), await scorer('other', 'frozen-other', train)];
  const backend = createFireworksBackend({ apiKey: 'any-key', baseUrl: rented.sandbox.url });
  const before = (await forwardCalls()).reduce((sum, calls) => sum + calls, 0);
  try {
    // A claim of somebody who will never come back, for a while longer.
    const key = `reference/${referenceKey(one.plan)}`;
    expect(await rented.store.claim({ key, holder: 'dead' }, 1_500)).toBe(true);
    const { scoreReference } = scoring({ backend, store: rented.store, artifacts });
    const hashes = await Promise.all(
      [one, other].map(async (input) => new MockActivityEnvironment().run(() => scoreReference(input))),
    );
    expect(hashes[0]).toBe(hashes[1]);
    const asked = (await forwardCalls()).reduce((sum, calls) => sum + calls, 0) - before;
    expect(asked).toBe(Math.ceil(140 / 64));
    const told = await Promise.all([one, other].map(({ runId }) => rented.store.events(runId)));
    expect(told.flat().filter(({ message }) => message.endsWith('for another run'))).toHaveLength(1);
    // Nothing is left of it, for whoever comes next.
    expect(await rented.store.claim({ key, holder: 'next' }, 1)).toBe(true);
  } finally {
    await backend.close();
  }
}, 240_000);

/** A trainer as it is, but for what it tells of an answer. */
function silent(trainer: Trainer): Trainer {
  return Object.assign(Object.create(trainer) as Trainer, {
    forward: async (...asked: Parameters<Trainer['forward']>) => {
      const pending = await trainer.forward(...asked);
      return {
        ...pending,
        result: async (signal: AbortSignal) => ({ ...(await pending.result(signal)), logprobs: [] }),
      };
    },
  });
}
