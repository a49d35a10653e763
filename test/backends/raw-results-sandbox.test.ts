import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Fireworks, type LossDatum, type TrainingClient } from '../../activities/backends/fireworks/index.ts';
import { NANO, NANO_DEPLOYMENT_SHAPE, NANO_SHAPE, Sandbox } from '../sandbox/harness.ts';

const TRAINER = 'raw-trainer';
const DEPLOYMENT = 'raw-deployment';
/** Between what trainer and replica say of one token. */
const DIGITS = 4;
const SEQUENCES = [
  [10, 11, 12, 3, 12, 11, 10, 1],
  [20, 21, 3, 21, 20, 1],
];

let sandbox: Sandbox;
let fireworks: Fireworks;
let client: TrainingClient;

/** Every token but the first is a target. */
function example(tokens: readonly number[], weight = 1): LossDatum {
  const targets = tokens.slice(1);
  return {
    modelInput: tokens.slice(0, -1),
    lossFnInputs: { target_tokens: targets, weights: targets.map(() => weight) },
  };
}

beforeAll(async () => {
  sandbox = await Sandbox.start();
  fireworks = new Fireworks({ apiKey: 'any-key', baseUrl: sandbox.url });
  await fireworks.trainerJobs.createAndWait({ id: TRAINER, shape: NANO_SHAPE, baseModel: NANO, loraRank: 0 });
  client = await fireworks.createTrainingClient({ trainerId: TRAINER, baseModel: NANO });
  for (let step = 0; step < 3; step += 1) {
    await client.forwardBackward(SEQUENCES.map((tokens) => example(tokens)));
    await (await client.optimStep({ learningRate: 0.01 }, { normalization: 'num_loss_tokens' })).result();
  }
}, 120_000);

afterAll(async () => {
  client?.close();
  await fireworks?.close();
  await sandbox?.close();
});

describe('what was asked for beside the loss is there', () => {
  test('the likeliest tokens of each position, likeliest first, with what a pass says of them as targets', async () => {
    const data = SEQUENCES.map((tokens) => example(tokens));
    const pass = await client.forward(data, { name: 'cross_entropy', config: { top_k: 5 } });
    const { topTokens = [], logprobs } = await pass.result();
    const rows = topTokens.flatMap(({ tokens, logprobs: known }) =>
      tokens.map((row, at) => ({ row, of: known[at] ?? [] })),
    );
    const targets = SEQUENCES.flatMap((tokens) => tokens.slice(1));
    const told = logprobs.flat();
    expect(rows).toHaveLength(targets.length);
    for (const [at, { row, of }] of rows.entries()) {
      expect(new Set(row).size).toBe(5);
      expect(of).toEqual(of.toSorted((a, b) => b - a));
      // A target is one of them with its own number, or less likely than all of them.
      const rank = row.indexOf(targets[at] ?? Number.NaN);
      const least = of.at(-1) ?? Number.NaN;
      expect(rank < 0 ? Math.min(least, told[at] ?? Infinity) : of[rank]).toBeCloseTo(told[at] ?? Number.NaN, DIGITS);
    }
  });

  test('and each of the alternatives, asked about as a target of its own, has the same number', async () => {
    const [tokens = []] = SEQUENCES;
    const pass = await client.forward([example(tokens)], { name: 'cross_entropy', config: { top_k: 3 } });
    const { topTokens = [] } = await pass.result();
    const matrix = topTokens[0]?.tokens ?? [];
    const shape = [matrix.length, 3];
    const inputs = {
      target_tokens: { data: matrix.flat(), dtype: 'int64' as const, shape },
      weights: { data: matrix.flat().map(() => 1), dtype: 'float32' as const, shape },
    };
    const gathered = await client.forward([{ modelInput: tokens.slice(0, -1), lossFnInputs: inputs }]);
    const [row = []] = (await gathered.result()).logprobs;
    const told = topTokens[0]?.logprobs.flat() ?? [];
    expect(row).toHaveLength(told.length);
    row.forEach((value, at) => expect(value).toBeCloseTo(told[at] ?? Number.NaN, DIGITS));
  });

  test('the alternatives of each token of a sample, of its prompt too: those that the trainer tells', async () => {
    await fireworks.deployments.createOrGet({
      id: DEPLOYMENT,
      baseModel: NANO,
      shape: NANO_DEPLOYMENT_SHAPE,
      trainerId: TRAINER,
      replicas: 1,
    });
    await fireworks.deployments.waitReady(DEPLOYMENT);
    const deployments = [{ deploymentId: DEPLOYMENT, baseModel: NANO, replicas: 1 }];
    await fireworks.weightSync({ client, deployments }).saveAndSync('raw');
    const sampler = fireworks.sampler({ deploymentId: DEPLOYMENT });
    const promptTokens = [10, 11, 12, 3];
    const asked = { promptTokens, maxTokens: 4, topLogprobs: 3, echo: true, n: 2, seed: 5 };
    for (const drawn of await sampler.sample(asked)) {
      const all = [...promptTokens, ...drawn.tokens];
      const loss = { name: 'cross_entropy' as const, config: { top_k: 3 } };
      const { topTokens = [] } = await (await client.forward([example(all)], loss)).result();
      expect(drawn.topLogprobs).toHaveLength(drawn.tokens.length);
      expect(drawn.targetTopLogprobs?.map((row) => row.map(({ token }) => token))).toEqual(topTokens[0]?.tokens);
      drawn.targetTopLogprobs?.forEach((row, at) =>
        row.forEach(({ logprob }, rank) =>
          expect(logprob).toBeCloseTo(topTokens[0]?.logprobs[at]?.[rank] ?? Number.NaN, DIGITS),
        ),
      );
    }
  }, 120_000);

  test('the length of the gradient, as the trainer tells it', async () => {
    const lengthOf = async (weight: number): Promise<number> => {
      await client.forwardBackward(SEQUENCES.map((tokens) => example(tokens, weight)));
      const step = await client.optimStep({ learningRate: 0 }, { gradNormMetrics: 'basic' });
      return (await step.result()).metrics['grad_norm'] ?? Number.NaN;
    };
    const once = await lengthOf(1);
    expect(once).toBeGreaterThan(0);
    expect((await lengthOf(2)) / once).toBeCloseTo(2, DIGITS);
    await client.forwardBackward([example([10, 11])]);
    expect((await (await client.optimStep({ learningRate: 0 })).result()).metrics).not.toHaveProperty('grad_norm');
  });

  test('every metric, under the name of its reduction, also of a call in several requests', async () => {
    const pair = SEQUENCES.map((tokens) => example(tokens));
    const { metrics: of } = await (await client.forward(pair)).result();
    const many = Array.from({ length: 600 }, () => pair).flat();
    const { metrics, logprobs } = await (await client.forward(many)).result();
    expect(logprobs).toHaveLength(1_200);
    expect(Object.keys(metrics).toSorted()).toEqual(Object.keys(of).toSorted());
    expect(metrics['local_input_sequences:sum']).toBe(1_200);
    expect((metrics['loss:sum'] ?? 0) / (of['loss:sum'] ?? 1)).toBeCloseTo(600, 1);
  }, 120_000);
});
