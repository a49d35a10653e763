import { deflateSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { adamStep, freshAdam } from '../../sandbox/model/adam.ts';
import { TrainerEngine } from '../../sandbox/model/engine.ts';
import { type Sequence } from '../../sandbox/model/sequence.ts';
import { initialWeights } from '../../sandbox/model/initial.ts';
import { layoutOf, type ModelConfig } from '../../sandbox/model/layout.ts';
import { loraParameters, mergeLora } from '../../sandbox/model/parameters.ts';
import { fillNormal, uniformOf } from '../../sandbox/model/random.ts';
import { SamplerModel } from '../../sandbox/model/sampler-model.ts';
import { adler32, applyDelta, bytesOf, encodeDelta } from '../../sandbox/snapshots/codec.ts';

const CONFIG: ModelConfig = { layers: 2, dim: 8, heads: 2, hidden: 16, vocab: 11, context: 8 };
const LORA = { rank: 2, alpha: 4, trainAttn: true, trainMlp: true, trainUnembed: true };

function sequence(tokens: number[], targets: number[], weights: number[]): Sequence {
  return { tokens: Int32Array.from(tokens), targets: Int32Array.from(targets), weights: Float32Array.from(weights) };
}

/** Weights of either sign, one of them zero. */
const BATCH = [
  sequence([3, 4, 5, 6], [4, 5, 6, 1], [1, -0.5, 0, 2]),
  sequence([7, 8], [8, 1], [0.25, 1]),
  sequence([9, 10, 2, 1, 3, 5, 7], [10, 2, 1, 3, 5, 7, 9], [1, 1, 1, -1, 1, 1, 0.5]),
];

/** Loss by the sampler's arithmetic in a direction of weights: an oracle that shares no code with the engine. */
function lossOf(weights: Float32Array): number {
  const model = new SamplerModel(CONFIG, weights);
  let loss = 0;
  for (const { tokens, targets, weights: factors } of BATCH) {
    const cache = model.newCache();
    tokens.forEach((token, i) => {
      loss -= (model.step(cache, token)[targets[i] ?? 0] ?? 0) * (factors[i] ?? 0);
    });
  }
  return loss;
}

function along(at: Float32Array, direction: Float32Array, distance: number): Float32Array {
  return at.map((value, i) => value + distance * (direction[i] ?? 0));
}

function dot(left: Float32Array, right: Float32Array): number {
  return left.reduce((sum, value, i) => sum + value * (right[i] ?? 0), 0);
}

describe('the engine', () => {
  let engine: TrainerEngine;
  const weights = initialWeights(CONFIG, 'test');

  beforeAll(async () => {
    engine = await TrainerEngine.create(CONFIG);
  });

  test('its gradient is that of finite differences, tensor by tensor', () => {
    const gradient = new Float32Array(weights.length);
    const { loss } = engine.forwardBackward(weights, BATCH, gradient);
    expect(loss).toBeCloseTo(lossOf(weights), 4);
    for (const tensor of layoutOf(CONFIG).tensors) {
      const direction = new Float32Array(weights.length);
      fillNormal(direction.subarray(tensor.offset, tensor.offset + tensor.size), 1, uniformOf(tensor.name));
      const length = Math.sqrt(dot(direction, direction));
      const unit = direction.map((value) => value / length);
      // Small enough to rarely cross a kink of the activation, large enough for float32.
      const step = 0.003;
      const measured = (lossOf(along(weights, unit, step)) - lossOf(along(weights, unit, -step))) / (2 * step);
      const computed = dot(gradient, unit);
      expect(Math.abs(measured - computed)).toBeLessThan(1e-3);
    }
  });

  test("an adapter's gradient is that of the weights it stands for", () => {
    const parameters = loraParameters(CONFIG, weights, LORA, 'test');
    // B starts at zero, where the gradient of A vanishes: move away from there.
    fillNormal(parameters.trainable, 0.3, uniformOf('away'));
    const full = new Float32Array(weights.length);
    engine.forwardBackward(parameters.effective(), BATCH, full);
    const gradient = parameters.project(full);
    const at = parameters.trainable.slice();
    for (const name of ['one', 'two', 'three']) {
      const direction = new Float32Array(at.length);
      fillNormal(direction, 1 / Math.sqrt(at.length), uniformOf(name));
      // The weights are bilinear in A and B, so that a central difference of any width is exact.
      const ahead = mergeLora(CONFIG, weights, along(at, direction, 0.5), LORA);
      const behind = mergeLora(CONFIG, weights, along(at, direction, -0.5), LORA);
      const moved = ahead.map((value, i) => value - (behind[i] ?? 0));
      expect(dot(gradient, direction)).toBeCloseTo(dot(full, moved), 4);
    }
  });

  test('a fresh adapter changes nothing', () => {
    expect(loraParameters(CONFIG, weights, LORA, 'test').effective()).toEqual(weights);
  });

  test('two requests add up to one with the data of both', () => {
    const once = new Float32Array(weights.length);
    const twice = new Float32Array(weights.length);
    engine.forwardBackward(weights, BATCH, once);
    engine.forwardBackward(weights, BATCH.slice(0, 1), twice);
    engine.forwardBackward(weights, BATCH.slice(1), twice);
    once.forEach((value, i) => expect(Math.abs(value - (twice[i] ?? 0))).toBeLessThan(1e-4));
  });

  test('the same request gives the same bits', () => {
    const [first, second] = [new Float32Array(weights.length), new Float32Array(weights.length)];
    expect(engine.forwardBackward(weights, BATCH, first)).toEqual(engine.forwardBackward(weights, BATCH, second));
    expect(first).toEqual(second);
  });
});

describe('AdamW', () => {
  const PARAMS = { learningRate: 0.1, beta1: 0.9, beta2: 0.99, eps: 0.5, weightDecay: 0.2, gradClipNorm: 0 };

  test('eps is outside the root, decay is decoupled, moments are corrected', () => {
    const weights = Float32Array.of(2);
    adamStep(weights, Float32Array.of(4), freshAdam(1), PARAMS, 1);
    // First step: corrected moments are g and g², so the update is 4 / (4 + 0.5).
    expect(weights[0]).toBeCloseTo(2 - 0.1 * (4 / 4.5 + 0.2 * 2), 6);
  });

  test('normalisation comes before clipping, and the norm that is told before it', () => {
    const weights = Float32Array.of(0, 0);
    const state = freshAdam(2);
    const norm = adamStep(weights, Float32Array.of(30, 40), state, { ...PARAMS, gradClipNorm: 1 }, 0.1);
    expect(norm).toBeCloseTo(5, 6);
    expect(state.first[0]).toBeCloseTo(0.1 * (3 / 5), 6);
  });
});

describe('deltas', () => {
  const before = Float32Array.of(1, -2, 0.5, 3e-9, 0);
  const after = Float32Array.of(1.0001, -2, 0.25, 3e-9, -0);

  test('give back the very bits', () => {
    expect(bytesOf(applyDelta(before, encodeDelta(before, after)))).toEqual(bytesOf(after));
  });

  test('do not fit a snapshot of another size', () => {
    expect(() => applyDelta(before.slice(1), encodeDelta(before, after))).toThrow();
  });

  test('the checksum is Adler-32', () => {
    const many = new Float32Array(5000).map((_, i) => Math.sin(i));
    // A zlib stream ends with the Adler-32 of its content.
    expect(adler32(many)).toBe(deflateSync(bytesOf(many)).readUInt32BE(deflateSync(bytesOf(many)).length - 4));
  });
});
