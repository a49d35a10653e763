import { computedHere } from '../../activities/objectives/load-objective.ts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  Fireworks,
  objectives,
  type LossDatum,
  type TrainingClient,
} from '../../activities/backends/fireworks/index.ts';
import { chunkSizes } from '../../activities/data/batches.ts';
import { requestsPerStep, submitGradient } from '../../activities/run/gradient.ts';
import type { Objective } from '../../activities/objectives/objective.ts';
import type { Datum } from '../../activities/ports.ts';
import { NANO, NANO_SHAPE, Sandbox } from '../sandbox/harness.ts';

const TRAINER = 'objective-trainer';
const signal = AbortSignal.timeout(50_000);
const adam = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0, gradClipNorm: 0 };
const tokens = [
  [10, 11, 12, 13, 14],
  [10, 11, 15, 16],
  [20, 21, 22, 23],
  [20, 21, 25, 26, 27],
];

let sandbox: Sandbox;
let fireworks: Fireworks;

beforeAll(async () => {
  sandbox = await Sandbox.start();
  fireworks = new Fireworks({ apiKey: 'any-key', baseUrl: sandbox.url });
  await fireworks.trainerJobs.createAndWait({ id: TRAINER, shape: NANO_SHAPE, baseModel: NANO, loraRank: 0 });
});

afterAll(async () => {
  await fireworks?.close();
  await sandbox?.close();
});

async function withClient<T>(use: (client: TrainingClient) => Promise<T>): Promise<T> {
  const client = await fireworks.createTrainingClient({ trainerId: TRAINER, baseModel: NANO });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

/** A number per target, the same in every run. */
function numbers(row: readonly number[], from: number, to: number): number[] {
  return row.slice(1).map((token, index) => from + ((token * 7 + index * 13) % 10) * ((to - from) / 9));
}

function custom(row: readonly number[]): Parameters<TrainingClient['forwardBackwardCustom']>[0][number] {
  const inputs = {
    weights: row.slice(1).map(() => 1),
    advantages: numbers(row, -1, 2),
    logprobs: numbers(row, -5.2, -4.2),
    reference_logprobs: numbers(row, -5, -4.5),
  };
  return { modelInput: row.slice(0, -1), targetTokens: row.slice(1), inputs };
}

function policy(row: readonly number[]): LossDatum {
  const { modelInput, targetTokens, inputs } = custom(row);
  const { advantages = [], logprobs = [] } = inputs;
  return { modelInput, lossFnInputs: { target_tokens: targetTokens, advantages, logprobs } };
}

async function logprobsAfter(client: TrainingClient): Promise<number[]> {
  await (await client.optimStep(adam)).result();
  return (await (await client.forward(tokens.map(policy).map(targets))).result()).logprobs.flat();
}

function targets({ modelInput, lossFnInputs }: LossDatum): LossDatum {
  const { target_tokens: ids = [] } = lossFnInputs;
  return {
    modelInput,
    lossFnInputs: { target_tokens: ids, weights: 'data' in ids ? ids.data.map(() => 1) : ids.map(() => 1) },
  };
}

function distance(some: readonly number[], others: readonly number[]): number {
  expect(some.length).toBe(others.length);
  return Math.max(...some.map((value, index) => Math.abs(value - (others[index] ?? Number.NaN))));
}

describe('an objective trains as the loss that the trainer has built in', () => {
  test.each<[string, Objective, Parameters<TrainingClient['forwardBackward']>[1]]>([
    ['ppo', objectives.ppo(), { name: 'ppo', config: { clip_low_threshold: 0.8, clip_high_threshold: 1.2 } }],
    ['importance sampling', objectives.ppo({ clipLow: 0, clipHigh: 1e9 }), 'importance_sampling'],
  ])('%s', async (_, objective, loss) => {
    const mine = await withClient(async (client) => {
      const pass = await client.forwardBackwardCustom(tokens.map(custom), objective);
      return { loss: (await pass.result()).lossSum, logprobs: await logprobsAfter(client) };
    });
    const theirs = await withClient(async (client) => {
      const pass = await client.forwardBackward(tokens.map(policy), loss);
      return { loss: (await pass.result()).lossSum, logprobs: await logprobsAfter(client) };
    });
    expect(mine.loss).toBeCloseTo(theirs.loss, 3);
    expect(distance(mine.logprobs, theirs.logprobs)).toBeLessThan(1e-3);
  });
});

describe('training', () => {
  test('on preferences lowers their loss from log 2', async () => {
    await withClient(async (client) => {
      const reference = (await (await client.forward(tokens.map(policy).map(targets))).result()).logprobs;
      const pairs = tokens.map((row, index) => {
        const example = custom(row);
        return { ...example, inputs: { ...example.inputs, reference_logprobs: reference[index] ?? [] } };
      });
      const losses: number[] = [];
      for (let step = 0; step < 3; step += 1) {
        const pass = await client.forwardBackwardCustom(pairs, objectives.dpo({ beta: 0.5 }));
        losses.push((await pass.result()).lossSum);
        await (await client.optimStep(adam)).result();
      }
      expect(losses[0]).toBeCloseTo(Math.LN2, 4);
      expect(losses[2]).toBeLessThan(0.3);
    });
  });
});

function sum(rows: readonly (readonly number[])[]): number {
  return rows.flat().reduce((total, value) => total + value, 0);
}

describe('a step of a run', () => {
  const datums: Datum[] = tokens.map((row) => ({
    inputTokens: row.slice(0, -1),
    targetTokens: row.slice(1),
    weights: row.slice(1).map(() => 1 / 14),
  }));

  /** The update's number is the last of those planned; a step that is repeated takes the same ones. */
  async function step(
    objective: Objective | undefined,
    times: number,
  ): Promise<{ loss: number; logprobs: number[]; metrics: Readonly<Record<string, number>> | undefined }> {
    return withClient(async ({ modelId }) => {
      const chunks = 2;
      const computed = objective && computedHere(objective);
      const seq = requestsPerStep(chunks, objective !== undefined);
      let loss = Number.NaN;
      let metrics: Readonly<Record<string, number>> | undefined;
      for (let time = 0; time < times; time += 1) {
        const trainer = fireworks.trainer(TRAINER);
        const submitted = await submitGradient(
          { trainer, modelId, firstSeq: 1, sizes: chunkSizes(datums.length, chunks), datums, objective: computed },
          signal,
        );
        const results = await Promise.all(submitted.parts.map(async (part) => part.result(signal)));
        ({ metrics } = submitted);
        loss = submitted.loss ?? results.reduce((sum, { lossSum }) => sum + lossSum, 0);
        await (await trainer.optimStep({ modelId, seq, adam }, signal)).result(signal);
      }
      const pass = await fireworks.trainer(TRAINER).forward({ modelId, seq: seq + 1, data: datums }, signal);
      return { loss, logprobs: (await pass.result(signal)).logprobs.flat(), metrics };
    });
  }

  test('by an objective is the step by the trainer’s own loss, where both mean the same', async () => {
    const [native, mine] = [await step(undefined, 1), await step(objectives.crossEntropy(), 1)];
    expect(mine.loss).toBeCloseTo(native.loss, 4);
    expect(distance(mine.logprobs, native.logprobs)).toBeLessThan(1e-4);
  });
  test('tells what the objective measures, of the log-probabilities that the trainer computed', async () => {
    const measured: Objective = {
      ...objectives.crossEntropy(),
      metrics: (rows, examples) => ({
        rows: rows.length,
        targets: examples.flatMap((e) => e.targetTokens).length,
        sum: sum(rows),
      }),
    };
    const { loss, metrics = {} } = await step(measured, 1);
    expect(metrics).toMatchObject({ rows: 4, targets: 14 });
    expect(metrics['sum']).toBeCloseTo(-14 * loss, 3);
    expect((await step(undefined, 1)).metrics).toBeUndefined();
  });
  test('that is repeated under its numbers counts once', async () => {
    const [once, twice] = [await step(objectives.crossEntropy(), 1), await step(objectives.crossEntropy(), 2)];
    expect(twice).toEqual(once);
  });
  test('whose loss is no number changes nothing, and says so', async () => {
    const diverged: Objective = {
      name: 'diverged',
      needs: [],
      evaluate: (rows) => ({ loss: 1, gradients: rows.map((row) => row.map(() => Number.NaN)) }),
    };
    const { loss, logprobs } = await step(diverged, 1);
    expect(loss).toBeNaN();
    expect(logprobs.every(Number.isFinite)).toBe(true);
  });
});
