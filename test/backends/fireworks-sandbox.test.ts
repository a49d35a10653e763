import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { createFireworksBackend } from '../../activities/backends/fireworks/index.ts';
import type { AdamParams, Backend, Datum, ForwardBackwardResult, Trainer } from '../../activities/ports.ts';
import type { ResolvedShape, Target } from '../../workflows/contracts.ts';
import { NANO_SHAPE, Sandbox } from '../sandbox/harness.ts';
import { failureOf } from './scripted-platform.ts';

const TRAINER = 'flow-trainer';
const signal = AbortSignal.timeout(50_000);
const adam: AdamParams = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0, gradClipNorm: 1 };
const target: Target = { deploymentId: 'flow-deploy', baseModel: 'accounts/fireworks/models/pawl-nano', replicas: 2 };
const data: readonly Datum[] = [example([10, 11, 12, 13, 14]), example([20, 21, 22, 23])];

let sandbox: Sandbox;
let backend: Backend;
let trainer: Trainer;
let shape: ResolvedShape;
let sessionId: string;
let modelId: string;
let seq = 0;

/** Every token after the first is a target. */
function example(tokens: readonly number[]): Datum {
  return { inputTokens: tokens.slice(0, -1), targetTokens: tokens.slice(1), weights: tokens.slice(1).map(() => 1) };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}

async function newModel(modelSeq: number): Promise<string> {
  const request = { sessionId, modelSeq, baseModel: shape.baseModel };
  return (await (await trainer.createModel(request, signal)).result(signal)).modelId;
}

/** One step; the second request is submitted before the first one has a result. */
async function step(): Promise<ForwardBackwardResult> {
  const forward = await trainer.forwardBackward({ modelId, seq: ++seq, data }, signal);
  const update = await trainer.optimStep({ modelId, seq: ++seq, adam, normalization: 'num_loss_tokens' }, signal);
  const result = await forward.result(signal);
  await update.result(signal);
  return result;
}

async function lossOf(model: string, at: number): Promise<ForwardBackwardResult> {
  return (await trainer.forwardBackward({ modelId: model, seq: at, data }, signal)).result(signal);
}

async function snapshot(name: string, type: 'base' | 'delta'): Promise<string> {
  const pending = await trainer.saveSnapshot({ modelId, seq: ++seq, name, type }, signal);
  return (await pending.result(signal)).path;
}

beforeAll(async () => {
  sandbox = await Sandbox.start();
  backend = createFireworksBackend({ apiKey: 'any-key', baseUrl: sandbox.url });
  trainer = backend.trainer(TRAINER);
});

afterAll(async () => {
  await backend?.close();
  await sandbox?.close();
});

/** The tests are chapters of one flow, in order. */
describe('against the sandbox', () => {
  test('a shape is resolved, and an unknown one is an invalid request', async () => {
    shape = await backend.provisioner.resolveShape(NANO_SHAPE, signal);
    expect(shape.reference).toBe(`${NANO_SHAPE}/versions/v1`);
    const unknown = backend.provisioner.resolveShape('accounts/fireworks/trainingShapes/none', signal);
    expect(await failureOf(unknown)).toMatchObject({ type: 'InvalidRequest' });
  });

  test('trainer and deployment are created once, and come up', async () => {
    const job = {
      id: TRAINER,
      shape: NANO_SHAPE,
      baseModel: shape.baseModel,
      loraRank: 0,
      learningRate: 0.01,
      displayName: 'flow',
    };
    await backend.provisioner.createTrainer(job, signal);
    expect(await backend.provisioner.createTrainer(job, signal)).toMatchObject({ id: TRAINER });
    expect(await failureOf(backend.provisioner.createTrainer({ ...job, loraRank: 8 }, signal))).toMatchObject({
      type: 'InvalidRequest',
    });
    await until(async () => trainer.healthy(signal));

    const deployment = {
      id: target.deploymentId,
      baseModel: shape.baseModel,
      shape: shape.deploymentShape,
      trainerId: TRAINER,
      replicas: 2,
      description: 'flow',
    };
    await backend.provisioner.createDeployment(deployment, signal);
    expect(await backend.provisioner.createDeployment(deployment, signal)).toMatchObject({ replicas: 2 });
    await until(
      async () => (await backend.provisioner.getDeployment(target.deploymentId, signal))?.phase === 'serving',
    );
  });

  test('steps lower the loss, and a request sent again counts once', async () => {
    sessionId = await trainer.createSession(['test'], signal);
    await trainer.heartbeat(sessionId, signal);
    modelId = await newModel(0);

    const losses: number[] = [];
    for (let count = 0; count < 5; count += 1) losses.push((await step()).lossSum);
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);

    const call = { modelId, seq: ++seq, data };
    const [first, again] = [
      await trainer.forwardBackward(call, signal),
      await backend.trainer(TRAINER).forwardBackward(call, signal),
    ];
    expect(again.requestId).toBe(first.requestId);
    expect(await again.result(signal)).toEqual(await first.result(signal));
    const reuse = backend.trainer(TRAINER).forwardBackward({ ...call, data: data.slice(1) }, signal);
    expect(await failureOf(reuse)).toMatchObject({ type: 'LostTrainer', status: 409 });
    await (await trainer.optimStep({ modelId, seq: ++seq, adam }, signal)).result(signal);
  });

  test('a base and a delta are confirmed on every replica', async () => {
    trainer = backend.trainer(TRAINER);
    const base = await snapshot('step-5-0123abcd', 'base');
    await backend.weightSync.load(target, { identity: base }, signal);
    await backend.weightSync.waitConfirmed(target, base, { timeoutMs: 20_000, signal });
    await step();
    const delta = await snapshot('step-6-0123abcd', 'delta');
    const load = { identity: delta, previousIdentity: base };
    await backend.weightSync.load(target, load, signal);
    const replicas = await backend.weightSync.waitConfirmed(target, delta, { timeoutMs: 20_000, signal });
    expect(replicas).toMatchObject([
      { ready: true, identity: delta },
      { ready: true, identity: delta },
    ]);
    await backend.weightSync.load(target, load, signal);
  });

  test('a delta on the wrong base fails', async () => {
    const other = await snapshot('step-6-other', 'delta');
    const wrong = { identity: other, previousIdentity: 'step-5-0123abcd' };
    const attempt = async (): Promise<unknown> => {
      await backend.weightSync.load(target, wrong, signal);
      return backend.weightSync.waitConfirmed(target, other, { timeoutMs: 20_000, signal });
    };
    expect(await failureOf(attempt())).toMatchObject({ type: 'SyncFailed' });
  });

  test('a sample has the log-probabilities that the trainer computes', async () => {
    const fresh = await snapshot('step-6-fresh', 'base');
    await backend.weightSync.load(target, { identity: fresh }, signal);
    await backend.weightSync.waitConfirmed(target, fresh, { timeoutMs: 20_000, signal });
    const prompt = [10, 11];
    const ask = { promptTokens: prompt, maxTokens: 6, temperature: 0, requestId: 'ab'.repeat(16) };
    const sample = await backend.sampler.sample(target, ask, signal);
    expect(sample.servedIdentity).toBe(fresh);
    expect(sample.tokens.length).toBeGreaterThan(0);

    const check = { modelId, seq: ++seq, data: [example([...prompt, ...sample.tokens])] };
    const { logprobs } = await (await trainer.forwardBackward(check, signal)).result(signal);
    const computed = logprobs[0]?.slice(prompt.length - 1) ?? [];
    expect(computed).toHaveLength(sample.logprobs.length);
    computed.forEach((value, index) => expect(value).toBeCloseTo(sample.logprobs[index] ?? Number.NaN, 3));
    await (await trainer.optimStep({ modelId, seq: ++seq, adam }, signal)).result(signal);
  });

  test('state goes back to where it was saved, in a new model', async () => {
    const saved = await (await trainer.saveState({ modelId, seq: ++seq, name: 'step-7' }, signal)).result(signal);
    const here = await lossOf(modelId, ++seq);
    sessionId = await trainer.createSession(['test'], signal);
    const restored = await newModel(0);
    const load = { modelId: restored, seq: 1, path: saved.path, optimizer: true };
    await (await trainer.loadState(load, signal)).result(signal);
    expect((await lossOf(restored, 2)).lossSum).toBe(here.lossSum);
  });

  test('what the trainer does not know is lost', async () => {
    const stranger = trainer.optimStep({ modelId: 'no-such-model', seq: 1, adam }, signal);
    expect(await failureOf(stranger)).toMatchObject({ type: 'LostTrainer' });
    expect(await failureOf(trainer.heartbeat('no-such-session', signal))).toMatchObject({ type: 'LostTrainer' });
  });

  test('everything is released, once or twice', async () => {
    await backend.provisioner.scaleDeployment(target.deploymentId, 0, signal);
    expect(await backend.provisioner.getDeployment(target.deploymentId, signal)).toMatchObject({ replicas: 0 });
    for (let count = 0; count < 2; count += 1) {
      await backend.provisioner.deleteDeployment(target.deploymentId, signal);
      await backend.provisioner.deleteTrainer(TRAINER, signal);
    }
    const gone = await backend.provisioner.getDeployment(target.deploymentId, signal);
    expect(gone === undefined || gone.phase === 'deleted').toBe(true);
    await until(async () => (await backend.provisioner.getTrainer(TRAINER, signal))?.phase === 'deleted');
    expect(await trainer.healthy(signal)).toBe(false);
    const ledger = await sandbox.ok<{ rented: { trainerJobs: string[]; deployments: object[] } }>(
      'GET',
      '/sandbox/v1/ledger',
    );
    expect(ledger.rented).toEqual({ trainerJobs: [], deployments: [] });
  });
});
