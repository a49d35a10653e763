/** The loss of rows that are held out, measured by a trainer that never learns them. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { join } from 'node:path';
import { z } from 'zod';
import { createFireworksBackend } from '../../activities/backends/fireworks/index.ts';
import { toDatums } from '../../activities/data/batches.ts';
import { openDataset } from '../../activities/data/dataset.ts';
import { importDataset } from '../../activities/data/import-dataset.ts';
import { examplesPerPass } from '../../activities/run/forward-pass.ts';
import { validating } from '../../activities/validation/measure-loss.ts';
import type { Validation } from '../../domain/words/checkpoint.ts';
import type { ValidationInput } from '../../domain/words/training.ts';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import { testPool } from '../compute/pool.ts';
import { writeRows, writeTokenizer } from '../data/fixtures.ts';
import { NANO } from '../sandbox/harness.ts';
import { rentTrainer, type RentedTrainer } from '../sandbox/rented-trainer.ts';
import { newRun, PLAN, SPEC } from '../store/fixtures.ts';

const TRAINER = 'trainer';
const ROWS = 150;
const compute = testPool();
const Ledger = z.object({
  trainers: z.array(z.object({ models: z.array(z.object({ forwardCalls: z.number(), optimizerSteps: z.number() })) })),
});
let rented: RentedTrainer;

beforeAll(async () => {
  rented = await rentTrainer({ id: TRAINER, baseModel: NANO, loraRank: 0 });
});

afterAll(async () => {
  await rented?.close();
});

test('is what training would say of these rows in one batch, costs a forward pass, and is the same when asked again', async () => {
  const artifacts = openArtifacts(join(rented.folder, 'artifacts'));
  const rows = Array.from({ length: ROWS }, (_, index) => ({
    prompt: 'a ->',
    completion: ['a', 'b', 'c'].slice(0, 1 + (index % 3)).join(' '),
  }));
  const chat = { tokenizer: await writeTokenizer(rented.folder) };
  const train = await writeRows(rented.folder, rows);
  const imported = await importDataset({ artifacts, compute }, { chat, train, maxTokens: 16 });
  const dataset = await openDataset(artifacts, imported.hash);
  const requests = Math.ceil(ROWS / examplesPerPass(imported.maxExampleTokens));
  const backend = createFireworksBackend({ apiKey: 'any-key', baseUrl: rented.sandbox.url });
  const signal = new AbortController().signal;
  try {
    const trainer = backend.trainer(TRAINER);
    const sessionId = await trainer.createSession(['test'], signal);
    const created = await trainer.createModel({ sessionId, modelSeq: 0, baseModel: NANO }, signal);
    const { modelId } = await created.result(signal);
    const run = newRun('validated');
    await rented.store.saveRun(run);
    const input: ValidationInput = {
      runId: run.runId,
      plan: { ...PLAN, validation: { dataset: imported.hash, rows: ROWS, requests } },
      train: SPEC.train,
      connection: { trainerId: TRAINER, sessionId, modelId },
      step: 0,
      generation: 1,
      firstSeq: 1,
    };
    const { measureLoss } = validating({ backend, store: rented.store, artifacts });
    const measureOnce = async (attempt: number): Promise<Validation> => {
      const measured = await new MockActivityEnvironment({ attempt }).run(
        async (): Promise<Validation | undefined> => (await measureLoss(input)) ?? undefined,
      );
      if (measured === undefined) throw new Error('the loss is no number');
      return measured;
    };
    const measured = await measureOnce(1);
    const again = await measureOnce(2);
    expect(again).toEqual(measured);
    const { trainers } = Ledger.parse(await rented.sandbox.ok('GET', '/sandbox/v1/ledger'));
    expect(trainers.flatMap(({ models }) => models)).toEqual([{ forwardCalls: requests, optimizerSteps: 0 }]);

    const all = await dataset.read(Array.from({ length: ROWS }, (_, index) => index));
    const pending = await trainer.forwardBackward({ modelId, seq: requests + 1, data: toDatums(all) }, signal);
    const { metrics } = await pending.result(signal);
    expect(measured.loss).toBeCloseTo(metrics['loss:sum'] ?? Number.NaN, 5);
    expect(measured).toMatchObject({
      rows: ROWS,
      tokens: rows.reduce((sum, { completion }) => sum + completion.split(' ').length, 0),
    });
    expect(measured.metrics).toBeUndefined();
  } finally {
    await backend.close();
  }
}, 240_000);
