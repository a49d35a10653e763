import { beforeAll, describe, expect, test } from '@jest/globals';
import { TrainerEngine } from '../../sandbox/model/engine.ts';
import { type Sequence } from '../../sandbox/model/sequence.ts';
import { initialWeights } from '../../sandbox/model/initial.ts';
import type { ModelConfig } from '../../sandbox/model/layout.ts';
import { fillNormal, uniformOf } from '../../sandbox/model/random.ts';
import { SamplerModel } from '../../sandbox/model/sampler-model.ts';
import type { Example, LossConfig, PolicyInputs } from '../../sandbox/trainer/messages.ts';
import type { LossName } from '../../sandbox/trainer/loss-names.ts';
import { score } from '../../sandbox/trainer/scoring.ts';

const CONFIG: ModelConfig = { layers: 1, dim: 8, heads: 2, hidden: 16, vocab: 11, context: 8 };
const WEIGHTS = initialWeights(CONFIG, 'losses');

const ROWS: readonly Sequence[] = [
  { tokens: Int32Array.of(3, 4, 5, 6), targets: Int32Array.of(4, 5, 6, 1), weights: new Float32Array(4) },
  { tokens: Int32Array.of(9, 10, 2), targets: Int32Array.of(10, 2, 7), weights: new Float32Array(3) },
];
/** How much likelier each token is now than when it was drawn: within and beyond every clip, far from its edges. */
const MOVES = [
  [0, 0.05, -0.7, 0.6],
  [0.7, -0.05, -0.6],
];
/** The first position is a prompt's. */
const ADVANTAGES = [
  [0, 1, 0.5, 2],
  [-1, -2, 0.5],
];

/** Every target's log-probability, one token at a time: an oracle that shares no code with the engine. */
function logprobsOf(weights: Float32Array): number[][] {
  const model = new SamplerModel(CONFIG, weights);
  return ROWS.map(({ tokens, targets }) => {
    const cache = model.newCache();
    return [...tokens].map((token, i) => model.step(cache, token)[targets[i] ?? 0] ?? 0);
  });
}

const OLD = logprobsOf(WEIGHTS).map((row, i) => row.map((logprob, j) => logprob - (MOVES[i]?.[j] ?? 0)));

function examples(extra: Partial<PolicyInputs> = {}): Example[] {
  return ROWS.map((sequence, i) => {
    const advantages = Float32Array.from(ADVANTAGES[i] ?? []);
    const mask = advantages.map((advantage) => (advantage === 0 ? 0 : 1));
    return { sequence, lossTokens: 3, policy: { advantages, mask, old: Float32Array.from(OLD[i] ?? []), ...extra } };
  });
}

type TokenLoss = (logprob: number, old: number, advantage: number, before: number) => number;

/** `before` is the log-probability where the gradient is taken: what is detached depends on it alone. */
function sumOver(loss: TokenLoss): (weights: Float32Array) => number {
  const before = logprobsOf(WEIGHTS);
  return (weights) => {
    let sum = 0;
    logprobsOf(weights).forEach((row, i) =>
      row.forEach((logprob, j) => {
        const advantage = ADVANTAGES[i]?.[j] ?? 0;
        if (advantage !== 0) sum += loss(logprob, OLD[i]?.[j] ?? 0, advantage, before[i]?.[j] ?? 0);
      }),
    );
    return sum;
  };
}

function clip(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

function clipped(low: number, high: number): TokenLoss {
  return (logprob, old, advantage) => {
    const ratio = Math.exp(logprob - old);
    return -Math.min(ratio * advantage, clip(ratio, low, high) * advantage);
  };
}

/** A ratio that is cut off beyond this logarithm is a constant there. */
function capped(cap: number, before: number, logprob: number, old: number): number {
  return Math.exp(Math.abs(before - old) > cap ? clip(before - old, -cap, cap) : logprob - old);
}

function gspo(low: number, high: number): (weights: Float32Array) => number {
  return (weights) => {
    let sum = 0;
    logprobsOf(weights).forEach((row, i) => {
      const looked = row.map((_, j) => j).filter((j) => (ADVANTAGES[i]?.[j] ?? 0) !== 0);
      const mean = looked.reduce((total, j) => total + (row[j] ?? 0) - (OLD[i]?.[j] ?? 0), 0) / looked.length;
      for (const j of looked) {
        const advantage = ADVANTAGES[i]?.[j] ?? 0;
        sum -= Math.min(Math.exp(mean) * advantage, clip(Math.exp(mean), low, high) * advantage);
      }
    });
    return sum;
  };
}

const CASES: readonly (readonly [LossName, LossConfig, (weights: Float32Array) => number])[] = [
  ['importance_sampling', {}, sumOver((logprob, old, advantage) => -Math.exp(logprob - old) * advantage)],
  ['ppo', {}, sumOver(clipped(0.8, 1.2))],
  ['ppo', { clipLow: 0.1, clipHigh: 1.5 }, sumOver(clipped(0.1, 1.5))],
  ['dapo', {}, sumOver(clipped(0.8, 1.28))],
  [
    'importance_sampling',
    { ratioLogCap: 0.65 },
    sumOver((logprob, old, advantage, before) => -capped(0.65, before, logprob, old) * advantage),
  ],
  [
    'ppo',
    { ratioLogCap: 0.3, clipLow: 0, clipHigh: 10 },
    sumOver((logprob, old, advantage, before) => -capped(0.3, before, logprob, old) * advantage),
  ],
  [
    'dapo',
    { dualClip: 1.5 },
    sumOver((logprob, old, advantage, before) => {
      const loss = clipped(0.8, 1.28)(logprob, old, advantage, before);
      return advantage < 0 ? Math.min(loss, -1.5 * advantage) : loss;
    }),
  ],
  ['gspo', { clipLow: 0.9, clipHigh: 1.1 }, gspo(0.9, 1.1)],
  [
    'cispo',
    { clipHigh: 1.5 },
    sumOver((logprob, old, advantage, before) => -clip(Math.exp(before - old), 0, 1.5) * logprob * advantage),
  ],
  ['dro', { beta: 0.3 }, sumOver((logprob, old, advantage) => -(logprob * advantage - 0.15 * (logprob - old) ** 2))],
  [
    'dppo',
    { deltaLow: 0.01, deltaHigh: 0.01 },
    sumOver((logprob, old, advantage, before) => {
      const moved = Math.exp(before) - Math.exp(old);
      const left = advantage > 0 ? moved <= 0.01 : moved >= -0.01;
      return left ? -Math.exp(logprob - old) * advantage : 0;
    }),
  ],
  ['reinforce', {}, sumOver((logprob, _old, advantage) => -logprob * advantage)],
];

function dot(left: Float32Array, right: Float32Array): number {
  return left.reduce((sum, value, i) => sum + value * (right[i] ?? 0), 0);
}

/** Slope of a function of the weights in a direction, by central differences. */
function slope(loss: (weights: Float32Array) => number, direction: Float32Array): number {
  const step = 0.002;
  const at = (distance: number): number => loss(WEIGHTS.map((value, i) => value + distance * (direction[i] ?? 0)));
  return (at(step) - at(-step)) / (2 * step);
}

function directionOf(name: string): Float32Array {
  const direction = new Float32Array(WEIGHTS.length);
  fillNormal(direction, 1, uniformOf(name));
  const length = Math.sqrt(dot(direction, direction));
  return direction.map((value) => value / length);
}

describe('losses', () => {
  let engine: TrainerEngine;

  beforeAll(async () => {
    engine = await TrainerEngine.create(CONFIG);
  });

  test.each(CASES)('%s %j: value and gradient are those of its formula', (loss, config, formula) => {
    const gradient = new Float32Array(WEIGHTS.length);
    const result = score(engine, WEIGHTS, { loss, config, examples: examples() }, gradient);
    expect(result.loss).toBeCloseTo(formula(WEIGHTS), 4);
    expect(dot(gradient, gradient)).toBeGreaterThan(1e-3);
    for (const name of ['one', 'two', 'three']) {
      const direction = directionOf(name);
      expect(Math.abs(dot(gradient, direction) - slope(formula, direction))).toBeLessThan(3e-3);
    }
  });

  test('forward tells the same loss and touches no gradient', () => {
    const batch = { loss: 'ppo' as const, config: {}, examples: examples() };
    const gradient = new Float32Array(WEIGHTS.length);
    expect(score(engine, WEIGHTS, batch).loss).toBe(score(engine, WEIGHTS, batch, gradient).loss);
  });

  test('clips may differ by token, and win over those of the request', () => {
    const wide = new Float32Array(4).fill(100);
    const none = new Float32Array(4);
    const config = { clipLow: 0.99, clipHigh: 1.01 };
    const batch = { loss: 'ppo' as const, config, examples: examples({ clipLow: none, clipHigh: wide }) };
    const free = { loss: 'importance_sampling' as const, config: {}, examples: examples() };
    expect(score(engine, WEIGHTS, batch).loss).toBeCloseTo(score(engine, WEIGHTS, free).loss, 6);
    expect(score(engine, WEIGHTS, batch).metrics['clipped_tokens:sum']).toBe(0);
  });

  test('metrics are named by how chunks of them are merged', () => {
    const { metrics } = score(engine, WEIGHTS, { loss: 'ppo', config: {}, examples: examples() });
    expect(metrics['policy_tokens:sum']).toBe(6);
    expect(metrics['importance_ratio:min']).toBeCloseTo(Math.exp(-0.7), 4);
    expect(metrics['importance_ratio:max']).toBeCloseTo(Math.exp(0.7), 4);
  });

  test('several targets for each position are scored and trained together', () => {
    const weights = [1, 0.5, 0.4, -0.25, 2, 1, 0.1, 0];
    const wide: Sequence = {
      tokens: Int32Array.of(3, 4, 5, 6),
      targets: Int32Array.of(4, 7, 5, 5, 6, 2, 1, 3),
      weights: Float32Array.from(weights),
      width: 2,
    };
    const batch = { loss: 'cross_entropy' as const, config: {}, examples: [{ sequence: wide, lossTokens: 4 }] };
    const gradient = new Float32Array(WEIGHTS.length);
    const result = score(engine, WEIGHTS, batch, gradient);
    const formula = (at: Float32Array): number => {
      const model = new SamplerModel(CONFIG, at);
      const cache = model.newCache();
      let loss = 0;
      wide.tokens.forEach((token, i) => {
        const row = model.step(cache, token);
        for (const k of [2 * i, 2 * i + 1]) loss -= (row[wide.targets[k] ?? 0] ?? 0) * (weights[k] ?? 0);
      });
      return loss;
    };
    expect(result.loss).toBeCloseTo(formula(WEIGHTS), 4);
    expect(result.logprobs[0]).toHaveLength(8);
    const direction = directionOf('wide');
    expect(Math.abs(dot(gradient, direction) - slope(formula, direction))).toBeLessThan(2e-3);
  });

  test('the likeliest tokens of each position are told', () => {
    const batch = { loss: 'cross_entropy' as const, config: { topK: 3 }, examples: examples() };
    const { topK } = score(engine, WEIGHTS, batch);
    const model = new SamplerModel(CONFIG, WEIGHTS);
    const row = model.step(model.newCache(), 3);
    const best = [...row.keys()].sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0)).slice(0, 3);
    expect(topK?.[0]?.indices.slice(0, 3)).toEqual(best);
    expect(topK?.[0]?.logprobs).toHaveLength(12);
    expect(topK?.[0]?.logprobs[0]).toBeCloseTo(row[best[0] ?? 0] ?? 0, 4);
  });
});
