/** From a user's objective, over a trainer, to the store: what a window of steps keeps of what it is told. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFireworksBackend } from '../../activities/backends/fireworks/index.ts';
import { importDataset } from '../../activities/data/import-dataset.ts';
import { pinObjective } from '../../activities/objectives/load-objective.ts';
import { requestsPerStep } from '../../activities/run/gradient.ts';
import { training } from '../../activities/run/train.ts';
import { createUserCode, type UserCode } from '../../activities/user-code/user-code.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import { testPool } from '../compute/pool.ts';
import { writeRows, writeTokenizer } from '../data/fixtures.ts';
import { NANO, NANO_SHAPE } from '../sandbox/harness.ts';
import { rentTrainer, type RentedTrainer } from '../sandbox/rented-trainer.ts';
import { newRun, PLAN, SPEC } from '../store/fixtures.ts';

const TRAINER = 'metrics-trainer';
const { signal } = new AbortController();
const compute = testPool();
let rented: RentedTrainer;
let userCode: UserCode;

beforeAll(async () => {
  rented = await rentTrainer({ id: TRAINER, shape: NANO_SHAPE, baseModel: NANO, loraRank: 0 });
});

afterAll(async () => {
  await userCode?.close();
  await rented?.close();
});

test('every step keeps its objective’s metrics beside the trainer’s, whose number gives way', async () => {
  const artifacts = openArtifacts(join(rented.folder, 'artifacts'));
  userCode = createUserCode({ artifacts, environments: join(rented.folder, 'python') });
  const module = join(rented.folder, 'measured.mjs');
  await writeFile(
    module,
    `export const loss = ({ logprobs, input }) => logprobs.mul(input('weights')).sum().neg();
     export const metrics = (logprobs) => ({ rows: logprobs.length, 'loss:sum': -7, ['n'.repeat(65)]: 1 });`,
  );
  const rows = ['a', 'b', 'c', 'a b'].map((text) => ({ prompt: `${text} ->`, completion: text.toUpperCase() }));
  const chat = { tokenizer: await writeTokenizer(rented.folder) };
  const data = { chat, train: await writeRows(rented.folder, rows), maxTokens: 16 };
  const dataset = await importDataset({ artifacts, compute }, data);
  const ports = { artifacts, userCode, secrets: new Map<string, string>() };
  const { train } = RunSpec.parse({ ...SPEC, train: { ...SPEC.train, batchSize: 3, objective: { module } } });
  const pinned = await pinObjective(ports, train.objective, signal);
  const backend = createFireworksBackend({ apiKey: 'any-key', baseUrl: rented.sandbox.url });
  const client = await rented.fireworks.createTrainingClient({ trainerId: TRAINER, baseModel: NANO });
  try {
    await rented.store.saveRun(newRun('measured-1'));
    const { trainWindow } = training({ ...ports, backend, store: rented.store });
    const window = {
      runId: 'measured-1',
      connection: { trainerId: TRAINER, sessionId: client.sessionId, modelId: client.modelId },
      plan: {
        ...PLAN,
        dataset: dataset.hash,
        examples: dataset.examples,
        requestsPerStep: requestsPerStep(PLAN.chunksPerStep, true),
        ...(pinned.module !== undefined && { objectiveModule: pinned.module }),
      },
      train,
      generation: 1,
      fromStep: 1,
      steps: 2,
      firstSeq: 1,
    };
    await new MockActivityEnvironment().run(() => trainWindow(window));
  } finally {
    client.close();
    await backend.close();
  }
  const kept = (await rented.store.steps('measured-1')).map(({ metrics = {} }) => metrics);
  expect(kept).toHaveLength(2);
  for (const metrics of kept) {
    expect(metrics).toMatchObject({ rows: 3, 'loss:sum': -7 });
    expect(Object.keys(metrics)).not.toContain('n'.repeat(65));
    // The trainer's own, which an objective could not know.
    expect(Object.keys(metrics)).toContain('grad_norm');
  }
});
