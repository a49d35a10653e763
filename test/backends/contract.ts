/**
 * What every backend must do, whatever platform is behind it. A backend's own test file is a call of `runTest`; what it
 * cannot do is listed there, with the reason.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { likelihood } from '../../activities/run/examiner.ts';
import type { AdamParams, Backend, Datum, ForwardBackwardResult, Pending, Trainer } from '../../activities/ports.ts';
import type { ResolvedShape } from '../../domain/words/plan.ts';
import type { Target } from '../../domain/words/checkpoint.ts';
import { failureOf } from './failure-of.ts';

/** A platform to test on; its models know token ids below 32. */
export interface Subject {
  readonly shape: string;
  /** A client of its own each time, as another worker would have. */
  connect(): Backend;
  close(): Promise<void>;
}

export interface Skip {
  readonly reason: string;
  /** Names of tests. */
  readonly tests: readonly string[];
}

const signal = AbortSignal.timeout(110_000);
const adam: AdamParams = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0, gradClipNorm: 1 };
const data = [example([10, 11, 12, 13, 14]), example([20, 21, 22, 23])];
const REPLICAS = 2;
const CONFIRM = { timeoutMs: 20_000, signal };

/** Every token after the first is a target. */
function example(tokens: readonly number[], weight = 1): Datum {
  return {
    inputTokens: tokens.slice(0, -1),
    targetTokens: tokens.slice(1),
    weights: tokens.slice(1).map(() => weight),
  };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20, undefined, { signal });
}

async function done<T>(submitting: Promise<Pending<T>>): Promise<T> {
  return (await submitting).result(signal);
}

function close(some: readonly (readonly number[])[], others: readonly (readonly number[])[]): void {
  const apart = some.flatMap((row, i) => row.map((value, j) => Math.abs(value - (others[i]?.[j] ?? Number.NaN))));
  expect(Math.max(...apart)).toBeLessThan(1e-4);
}

/** A model with its own sequence. */
class Model {
  readonly trainer: Trainer;
  readonly id: string;
  seq = 0;

  constructor(trainer: Trainer, id: string) {
    this.trainer = trainer;
    this.id = id;
  }

  next(): { modelId: string; seq: number } {
    return { modelId: this.id, seq: ++this.seq };
  }

  forwardBackward(batch: readonly Datum[]): Promise<ForwardBackwardResult> {
    return done(this.trainer.forwardBackward({ ...this.next(), data: batch }, signal));
  }

  forward(batch: readonly Datum[] = data): Promise<ForwardBackwardResult> {
    return done(this.trainer.forward({ ...this.next(), data: batch }, signal));
  }

  async update(): Promise<void> {
    await done(this.trainer.optimStep({ ...this.next(), adam }, signal));
  }

  async step(): Promise<number> {
    const { lossSum } = await this.forwardBackward(data);
    await this.update();
    return lossSum;
  }

  async snapshot(name: string, type: 'base' | 'delta'): Promise<string> {
    return (await done(this.trainer.saveSnapshot({ ...this.next(), name, type }, signal))).path;
  }
}

export function runTest({
  skip = [],
  newBackend,
}: {
  skip?: readonly Skip[];
  newBackend: () => Promise<Subject>;
}): void {
  const skipped = new Set(skip.flatMap(({ tests }) => tests));
  const check = (name: string, body: () => Promise<void>): void => (skipped.has(name) ? test.skip : test)(name, body);

  let subject: Subject;
  let backend: Backend;
  let shape: ResolvedShape;
  let target: Target;
  const TRAINER = 'contract-trainer';
  const DEPLOYMENT = 'contract-deploy';

  const job = (id = TRAINER): Parameters<Backend['provisioner']['createTrainer']>[0] => ({
    id,
    shape: subject.shape,
    baseModel: shape.baseModel,
    loraRank: 0,
    learningRate: 0.01,
    displayName: 'contract',
  });
  const deployment = (): Parameters<Backend['provisioner']['createDeployment']>[0] => ({
    id: DEPLOYMENT,
    baseModel: shape.baseModel,
    shape: shape.deploymentShape,
    trainerId: TRAINER,
    replicas: REPLICAS,
    description: 'contract',
  });

  async function newModel(): Promise<Model> {
    const trainer = backend.trainer(TRAINER);
    const sessionId = await trainer.createSession(['contract'], signal);
    const request = { sessionId, modelSeq: 0, baseModel: shape.baseModel };
    return new Model(trainer, (await done(trainer.createModel(request, signal))).modelId);
  }

  let shared: Promise<Model> | undefined;
  /** For tests that do not care what was done to the model before: trainers hold few at once. */
  function anyModel(): Promise<Model> {
    shared ??= newModel();
    return shared;
  }

  async function sync(identity: string, previousIdentity?: string): Promise<void> {
    const snapshot = { identity, ...(previousIdentity === undefined ? {} : { previousIdentity }) };
    await backend.weightSync.load(target, snapshot, signal);
    await backend.weightSync.waitConfirmed(target, { identity }, CONFIRM);
  }

  beforeAll(async () => {
    subject = await newBackend();
    backend = subject.connect();
    const { provisioner } = backend;
    shape = await provisioner.resolveShape(subject.shape, signal);
    target = { deploymentId: DEPLOYMENT, baseModel: shape.baseModel, replicas: REPLICAS };
    await provisioner.createTrainer(job(), signal);
    await provisioner.createDeployment(deployment(), signal);
    await until(() => backend.trainer(TRAINER).healthy(signal));
    await until(async () => (await provisioner.getDeployment(DEPLOYMENT, signal))?.phase === 'serving');
  }, 300_000);

  afterAll(async () => {
    await backend?.close();
    await subject?.close();
  });

  describe('provisioner', () => {
    check('an unknown shape is an invalid request', async () => {
      const unknown = subject.shape.replace(/[^/]+$/, 'no-such-shape');
      const resolving = backend.provisioner.resolveShape(unknown, signal);
      expect(await failureOf(resolving)).toMatchObject({ type: 'InvalidRequest' });
    });
    check('creating again is creating once', async () => {
      expect(await backend.provisioner.createTrainer(job(), signal)).toMatchObject({ id: TRAINER, phase: 'running' });
      expect(await backend.provisioner.createDeployment(deployment(), signal)).toMatchObject({ replicas: REPLICAS });
    });
    check('an id in use for something else is an invalid request', async () => {
      const other = backend.provisioner.createTrainer({ ...job(), loraRank: 8 }, signal);
      expect(await failureOf(other)).toMatchObject({ type: 'InvalidRequest' });
    });
    check('what was never created is undefined, and deleted at once', async () => {
      expect(await backend.provisioner.getTrainer('contract-none', signal)).toBeUndefined();
      expect(await backend.provisioner.getDeployment('contract-none', signal)).toBeUndefined();
      await backend.provisioner.deleteTrainer('contract-none', signal);
      await backend.provisioner.deleteDeployment('contract-none', signal);
    });
  });

  describe('trainer', () => {
    check('steps lower the loss', async () => {
      const model = await anyModel();
      const first = await model.step();
      for (let count = 0; count < 4; count += 1) await model.step();
      expect(await model.step()).toBeLessThan(first);
    });
    check('a step is submitted before the one before has a result', async () => {
      const model = await anyModel();
      const forward = await model.trainer.forwardBackward({ ...model.next(), data }, signal);
      const update = await model.trainer.optimStep({ ...model.next(), adam }, signal);
      await update.result(signal);
      expect((await forward.result(signal)).logprobs.map(({ length }) => length)).toEqual([4, 3]);
    });
    check('the loss is the weighted sum of the log-probabilities', async () => {
      const model = await anyModel();
      const { lossSum, logprobs } = await model.forwardBackward([example([10, 11, 12], 0.5), example([20, 21], -2)]);
      const [first = [], second = []] = logprobs;
      expect(lossSum).toBeCloseTo(-0.5 * ((first[0] ?? 0) + (first[1] ?? 0)) + 2 * (second[0] ?? 0), 4);
    });
    check('a forward pass tells the same log-probabilities and leaves no gradient', async () => {
      const [scored, plain] = [await newModel(), await newModel()];
      const { logprobs } = await scored.forward();
      const passed = await scored.forwardBackward(data);
      close(passed.logprobs, logprobs);
      await scored.forward();
      await scored.update();
      await plain.step();
      expect((await scored.forward()).lossSum).toBe((await plain.forward()).lossSum);
    });
    check('two gradients before one update equal one of both', async () => {
      const [split, joined] = [await newModel(), await newModel()];
      for (const datum of data) await split.forwardBackward([datum]);
      await joined.forwardBackward(data);
      await split.update();
      await joined.update();
      close((await split.forward()).logprobs, (await joined.forward()).logprobs);
    });
    check('a request sent again by another worker counts once', async () => {
      const model = await newModel();
      const call = { ...model.next(), data };
      const first = await model.trainer.forwardBackward(call, signal);
      const other = subject.connect();
      const again = await other.trainer(TRAINER).forwardBackward(call, signal);
      expect(await again.result(signal)).toEqual(await first.result(signal));
      await other.close();
      await model.update();

      const once = await newModel();
      await once.step();
      expect((await model.forward()).lossSum).toBe((await once.forward()).lossSum);
    });
    check('a number reused with another body is a lost trainer', async () => {
      const model = await newModel();
      const call = { ...model.next(), data };
      await done(model.trainer.forwardBackward(call, signal));
      const reuse = backend.trainer(TRAINER).forwardBackward({ ...call, data: data.slice(1) }, signal);
      expect(await failureOf(reuse)).toMatchObject({ type: 'LostTrainer' });
    });
    check('state goes back to where it was saved, optimizer included', async () => {
      const model = await newModel();
      await model.step();
      const saved = await done(model.trainer.saveState({ ...model.next(), name: 'contract-state' }, signal));
      await model.step();
      const expected = (await model.forward()).lossSum;
      const restored = await newModel();
      await done(restored.trainer.loadState({ ...restored.next(), path: saved.path, optimizer: true }, signal));
      await restored.step();
      expect((await restored.forward()).lossSum).toBe(expected);
    });
    check('an unknown session or model is a lost trainer', async () => {
      const trainer = backend.trainer(TRAINER);
      const stranger = trainer.optimStep({ modelId: 'no-such-model', seq: 1, adam }, signal);
      expect(await failureOf(stranger)).toMatchObject({ type: 'LostTrainer' });
      expect(await failureOf(trainer.heartbeat('no-such-session', signal))).toMatchObject({ type: 'LostTrainer' });
    });
    check('waiting ends at once when it is cancelled', async () => {
      const model = await anyModel();
      const pending = await model.trainer.forwardBackward({ ...model.next(), data }, signal);
      expect((await failureOf(pending.result(AbortSignal.abort(new Error('enough'))))).message).toBe('enough');
    });
  });

  describe('weight sync', () => {
    check('a base and a delta are confirmed on every replica', async () => {
      const model = await anyModel();
      const base = await model.snapshot('contract-base', 'base');
      await sync(base);
      await model.step();
      const delta = await model.snapshot('contract-delta', 'delta');
      await sync(delta, base);
      const replicas = await backend.weightSync.replicas(target, signal);
      expect(replicas.map(({ ready, identity }) => ({ ready, identity }))).toEqual(
        Array.from({ length: REPLICAS }, () => ({ ready: true, identity: delta })),
      );
    });
    check('loading what is loaded changes nothing', async () => {
      const model = await anyModel();
      const base = await model.snapshot('contract-twice', 'base');
      await sync(base);
      await sync(base);
    });
    check('a delta on the wrong base fails', async () => {
      const model = await anyModel();
      await sync(await model.snapshot('contract-right', 'base'));
      await model.step();
      const delta = await model.snapshot('contract-wrong', 'delta');
      expect(await failureOf(sync(delta, 'contract-never-was'))).toMatchObject({ type: 'SyncFailed' });
    });
  });

  describe('sampler', () => {
    check('a sample has the log-probabilities that the trainer computes', async () => {
      const model = await anyModel();
      await model.step();
      await sync(await model.snapshot('contract-sampled', 'base'));
      const promptTokens = [10, 11];
      const request = { promptTokens, maxTokens: 6, temperature: 0, requestId: 'ab'.repeat(16) };
      const sample = await backend.sampler.sample(target, request, signal);
      expect(sample.tokens.length).toBeGreaterThan(0);
      expect(sample.logprobs).toHaveLength(sample.tokens.length);
      const { logprobs } = await model.forward([example([...promptTokens, ...sample.tokens])]);
      const computed = logprobs[0]?.slice(promptTokens.length - 1) ?? [];
      computed.forEach((value, index) => expect(value).toBeCloseTo(sample.logprobs[index] ?? Number.NaN, 3));
    });
    check('an echoed reference has the perplexity that the trainer computes', async () => {
      const model = await anyModel();
      await model.step();
      await sync(await model.snapshot('contract-echoed', 'base'));
      const [tokens, reference] = [
        [10, 11, 12],
        [13, 14, 9, 8],
      ];
      const question = { promptIndex: 0, prompt: { prompt: '', tokens, reference: '', tags: [], hash: '' } };
      const examiner = likelihood([reference]);
      const request = { ...examiner.ask(question), requestId: '89'.repeat(16) };
      const sample = examiner.read(await backend.sampler.sample(target, request, signal), question);
      expect(sample.tokens).toEqual(reference);

      const whole = example([...tokens, ...reference]);
      const weights = whole.weights.map((_, index) => (index < tokens.length - 1 ? 0 : 1 / reference.length));
      const { lossSum } = await model.forward([{ ...whole, weights }]);
      expect(await examiner.score(sample, question, { id: '', signal })).toBeCloseTo(Math.exp(-lossSum), 4);
      const unechoed = examiner.read({ ...sample, targetLogprobs: [] }, question);
      expect(() => examiner.score(unechoed, question, { id: '', signal })).toThrow(
        'log-probabilities of an echoed prompt',
      );
    });
    check('the same seed gives the same sample', async () => {
      const ask = (seed: number): Promise<{ tokens: readonly number[] }> =>
        backend.sampler.sample(
          target,
          { promptTokens: [5, 6], maxTokens: 8, temperature: 1, seed, requestId: 'cd'.repeat(16) },
          signal,
        );
      expect((await ask(7)).tokens).toEqual((await ask(7)).tokens);
    });
    check('a prompt that no model can read is an invalid request', async () => {
      const request = { promptTokens: [-1], maxTokens: 4, temperature: 0, requestId: 'ef'.repeat(16) };
      expect(await failureOf(backend.sampler.sample(target, request, signal))).toMatchObject({
        type: 'InvalidRequest',
      });
    });
  });

  describe('release', () => {
    check('everything is returned, once or twice', async () => {
      const { provisioner } = backend;
      await provisioner.scaleDeployment(DEPLOYMENT, 0, signal);
      expect(await provisioner.getDeployment(DEPLOYMENT, signal)).toMatchObject({ replicas: 0 });
      for (let count = 0; count < 2; count += 1) {
        await provisioner.deleteDeployment(DEPLOYMENT, signal);
        await provisioner.deleteTrainer(TRAINER, signal);
      }
      await until(async () =>
        ['deleted', undefined].includes((await provisioner.getDeployment(DEPLOYMENT, signal))?.phase),
      );
      await until(async () => ['deleted', undefined].includes((await provisioner.getTrainer(TRAINER, signal))?.phase));
      expect(await backend.trainer(TRAINER).healthy(signal)).toBe(false);
    });
  });
}
