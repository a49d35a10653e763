/** Weights to begin with: looked up and refused where they do not fit, loaded byte for byte, with an optimizer that is new. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFireworksBackend } from '../../activities/backends/fireworks/index.ts';
import type { Backend } from '../../activities/ports.ts';
import { checkpointing } from '../../activities/run/checkpoint.ts';
import { pinStart } from '../../activities/run/start-from.ts';
import { startProblems } from '../../files/experiment/start-checks.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import type { Connection } from '../../domain/words/checkpoint.ts';
import type { PinnedStart } from '../../domain/words/start-from.ts';
import { openStore, type Store } from '../../store/index.ts';
import { DATA, NANO, Sandbox, startTrainer } from '../sandbox/harness.ts';
import { checkpoint, newFolder, newRun, PLAN, SPEC } from '../store/fixtures.ts';

const STATE = 'start-from-state';
const ADAPTER = 'accounts/sandbox/models/speaks';
const LORA = { rank: 4, alpha: 8, trainAttn: true, trainMlp: true, trainUnembed: true };

let state: string;
let sandbox: Sandbox;
let backend: Backend;
let store: Store;
const signal = new AbortController().signal;

beforeAll(async () => {
  state = await newFolder();
  sandbox = await Sandbox.start(join(state, STATE));
  backend = createFireworksBackend({ apiKey: 'any-key', baseUrl: sandbox.url });
  store = await openStore({ path: join(state, 'pawl.db') });
  const trainer = await startTrainer(sandbox, 'teacher', 4);
  const taught = await trainer.model({ rank: 4, alpha: 8 });
  for (let step = 0; step < 4; step++) await taught.step(DATA);
  await taught.snapshot('taught', 'base');
  await taught.run('save_weights', { path: 'taught-state' });
  await sandbox.ok('POST', '/v1/accounts/sandbox/checkpoints/taught:promote', {
    output_model: ADAPTER,
    trainer_job_id: 'accounts/sandbox/rlorTrainerJobs/teacher',
  });
  await startTrainer(sandbox, 'pupil', 4);
});

afterAll(async () => {
  await backend?.close();
  await store?.close();
  await sandbox?.close();
});

function experiment(startFrom: string, lora: Partial<typeof LORA> | undefined = LORA, more: object = {}): RunSpec {
  const { model, train } = SPEC;
  return RunSpec.parse({
    ...SPEC,
    model: { ...model, ...(lora && { lora: { ...LORA, ...lora } }) },
    train: { ...train, startFrom },
    ...more,
  });
}

function pin(spec: RunSpec, baseModel = NANO): Promise<PinnedStart | undefined> {
  return pinStart({ store, provisioner: backend.provisioner }, spec, { baseModel, signal });
}

describe('what to begin with', () => {
  test('is nothing, an adapter, what an alias stands for, or a checkpoint of a run', async () => {
    expect(await pin(SPEC)).toBeUndefined();
    expect(await pin(experiment(ADAPTER))).toEqual({ kind: 'adapter', asked: ADAPTER, model: ADAPTER });
    await store.savePromotion({
      kind: 'promote',
      id: 'first',
      gate: { alias: 'speaker', margin: 0, approval: false, expiresHours: 24 },
      subject: { runId: 'teacher', checkpoint: 'taught' },
      askedBy: 'ada',
      askedAt: '2026-11-26T10:00:00.000Z',
    });
    for (const way of ['evaluating', 'promoting', 'promoted'] as const) {
      await store.movePromotion('first', way, { model: ADAPTER });
    }
    expect(await pin(experiment('alias:speaker'))).toEqual({ kind: 'adapter', asked: 'alias:speaker', model: ADAPTER });
    const taught = experiment('alias:none');
    await store.saveRun({ ...newRun('taught-1'), spec: taught });
    await store.updateRun('taught-1', { phase: 'done', step: 40, generation: 1, plan: { ...PLAN, baseModel: NANO } });
    await store.saveCheckpoint('taught-1', checkpoint(40, { statePath: 'taught-state', trainerId: 'teacher' }));
    expect(await pin(experiment('taught-1@40'))).toMatchObject({
      kind: 'checkpoint',
      runId: 'taught-1',
      step: 40,
      path: 'taught-state',
      trainerId: 'teacher',
    });
    await expect(pin(experiment('taught-1@30'))).rejects.toThrow('taught-1 has no checkpoint 30');
    await expect(pin(experiment('taught-1@last', { rank: 8 }))).rejects.toThrow(
      'taught-1 trains an adapter of rank 4 (trainAttn, trainMlp, trainUnembed), and this run trains an adapter of rank 8',
    );
    await expect(pin(experiment('taught-1@last'), 'accounts/x/models/y')).rejects.toThrow('Set model.base to it');
  });

  test.each([
    [
      'that there is not',
      () => pin(experiment('accounts/sandbox/models/none')),
      'knows no model accounts/sandbox/models/none',
    ],
    [
      'that is a whole model',
      () => pin(experiment(NANO)),
      'is a whole model (HF_BASE_MODEL), not an adapter: set model.base',
    ],
    [
      'of another rank',
      () => pin(experiment(ADAPTER, { rank: 2 })),
      'has rank 4, and model.lora.rank is 2. Set model.lora.rank to 4',
    ],
    ['over another model', () => pin(experiment(ADAPTER), 'accounts/x/models/y'), `was trained over ${NANO}`],
    ['of an alias without one', () => pin(experiment('alias:nobody')), 'the alias nobody stands for no model'],
  ] as const)('is refused where it is one %s', async (_, asked, message) => {
    await expect(asked()).rejects.toThrow(message);
  });

  test('fits what is trained', () => {
    const without = (startFrom: string, more: object = {}): RunSpec =>
      RunSpec.parse({ ...SPEC, train: { ...SPEC.train, startFrom }, ...more });
    expect(startProblems(without(ADAPTER))[0]?.message).toContain('Add model.lora');
    expect(startProblems(without('taught-1@40'))).toEqual([]);
    expect(startProblems(without('taught-1@40', { loop: 'preference' }))[0]?.message).toContain(
      'model.base: alias:NAME',
    );
    expect(startProblems(experiment(ADAPTER, LORA, { loop: 'preference' }))).toEqual([]);
  });
});

describe('a model that begins with other weights', () => {
  const activities = () => checkpointing({ backend });

  async function connected(): Promise<Connection> {
    const plan = { ...PLAN, platform: 'sandbox', account: 'sandbox', baseModel: NANO };
    const { openSession, createModel } = activities();
    const sessionId = await within(() => openSession({ runId: 'pupil-1', trainerId: 'pupil' }));
    return within(() => createModel({ trainerId: 'pupil', sessionId, plan, spec: experiment(ADAPTER) }));
  }

  function within<T>(work: () => Promise<T>): Promise<T> {
    return new MockActivityEnvironment().run(work) as Promise<T>;
  }

  function weights(job: string, snapshot: string): Buffer {
    return readFileSync(join(state, STATE, 'buckets', job, 'snapshots', `${snapshot}.bin`));
  }

  test('has them byte for byte in every session, and asked twice has them once', async () => {
    const starts: PinnedStart[] = [
      { kind: 'adapter', asked: ADAPTER, model: ADAPTER },
      {
        kind: 'checkpoint',
        asked: 'x',
        runId: 'x',
        checkpoint: 'y',
        step: 4,
        path: 'taught-state',
        trainerId: 'teacher',
      },
    ];
    for (const [index, start] of starts.entries()) {
      const untouched = await connected();
      const fresh = `fresh-${index}`;
      await within(() => activities().saveSnapshot({ connection: untouched, name: fresh, type: 'base', seq: 1 }));
      expect(weights('pupil', fresh).equals(weights('teacher', 'taught'))).toBe(false);
      for (const session of ['first', 'second']) {
        const connection = await connected();
        const load = () => within(() => activities().loadStart({ connection, start, seq: 1 }));
        await load();
        // The answer was lost with its worker: another one asks under the same number.
        await load();
        const name = `begun-${index}-${session}`;
        await within(() => activities().saveSnapshot({ connection, name, type: 'base', seq: 2 }));
        expect(weights('pupil', name).equals(weights('teacher', 'taught'))).toBe(true);
      }
    }
  });
});
