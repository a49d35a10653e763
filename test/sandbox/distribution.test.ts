import { describe, expect, test } from '@jest/globals';
import { choose, mostLikely } from '../../sandbox/serving/distribution.ts';
import { uniformOf } from '../../sandbox/model/random.ts';

const SHARES = [0.5, 0.25, 0.15, 0.1];
const LOGPROBS = Float32Array.from(SHARES, Math.log);

function frequencies(params: { temperature: number; topP: number; topK: number }): number[] {
  const uniform = uniformOf('test');
  const counts = SHARES.map(() => 0);
  for (let i = 0; i < 4000; i++) {
    const { token } = choose(LOGPROBS, params, uniform);
    counts[token] = (counts[token] ?? 0) + 1 / 4000;
  }
  return counts;
}

describe('the next token', () => {
  test('is the likeliest at temperature 0, with certainty', () => {
    expect(choose(LOGPROBS, { temperature: 0, topP: 1, topK: 0 }, () => 0.99)).toEqual({
      token: 0,
      samplingLogprob: 0,
    });
  });

  test('is drawn as often as the model says at temperature 1', () => {
    frequencies({ temperature: 1, topP: 1, topK: 0 }).forEach((share, i) =>
      expect(share).toBeCloseTo(SHARES[i] ?? 0, 1),
    );
  });

  test('is never beyond top_k or the nucleus', () => {
    expect(frequencies({ temperature: 1, topP: 1, topK: 2 }).slice(2)).toEqual([0, 0]);
    expect(frequencies({ temperature: 1, topP: 0.6, topK: 0 }).slice(2)).toEqual([0, 0]);
    expect(frequencies({ temperature: 1, topP: 0.4, topK: 0 }).slice(1)).toEqual([0, 0, 0]);
  });

  test('its sampling log-probability is that of the distribution it was drawn from', () => {
    const { token, samplingLogprob } = choose(LOGPROBS, { temperature: 1, topP: 1, topK: 2 }, () => 0.9);
    expect(token).toBe(1);
    expect(samplingLogprob).toBeCloseTo(Math.log(0.25 / 0.75), 5);
    const cold = choose(LOGPROBS, { temperature: 0.5, topP: 1, topK: 0 }, () => 0);
    expect(cold.samplingLogprob).toBeCloseTo(Math.log(0.25 / (0.25 + 0.0625 + 0.0225 + 0.01)), 5);
  });

  test('the most likely come first', () => {
    expect(mostLikely(LOGPROBS, 2).map(({ token }) => token)).toEqual([0, 1]);
  });
});
