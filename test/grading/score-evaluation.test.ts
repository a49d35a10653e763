import { describe, expect, test } from '@jest/globals';
import { promptScores } from '../../domain/decide/statistics/prompt-scores.ts';
import { scoreOf } from '../../activities/grading/score-evaluation.ts';
import { interval } from '../../domain/decide/statistics/intervals.ts';
import type { SampleRecord } from '../../store/index.ts';
import { produced } from '../store/fixtures.ts';

/** The samples of each prompt by their scores; undefined: missing. */
function samples(...prompts: readonly (readonly (number | undefined)[])[]): SampleRecord[] {
  return prompts.flatMap((scores, promptIndex) =>
    scores.map((score, sampleIndex): SampleRecord => {
      const key = { promptIndex, sampleIndex, promptHash: `p${promptIndex}`, promptTokens: 7 };
      if (score === undefined) return { kind: 'missing', ...key, error: '503' };
      return produced(promptIndex, { ...key, score, meanLogprob: -0.5 * (sampleIndex + 1) });
    }),
  );
}

describe('a prompt scores', () => {
  test('the mean over its samples; without any it has no score', () => {
    expect(promptScores(samples([1, 0, 0, 0], [0.5, undefined], [undefined]))).toEqual([
      { promptHash: 'p0', score: 0.25 },
      { promptHash: 'p1', score: 0.5 },
    ]);
  });

  test('pass@k of its samples; with fewer than k of them it has no score', () => {
    const drawn = samples([1, 1, 0, 0, 0], [0, 0, 0], [1, undefined, undefined]);
    expect(promptScores(drawn, { passAt: 2 })).toEqual([
      { promptHash: 'p0', score: expect.closeTo(0.7, 14) },
      { promptHash: 'p1', score: 0 },
    ]);
  });

  test('in order of prompt, whatever order samples are in', () => {
    expect(promptScores(samples([0], [1]).toReversed()).map(({ promptHash }) => promptHash)).toEqual(['p0', 'p1']);
  });
});

describe('an evaluation scores', () => {
  test('the mean of its prompts; what is missing is counted by samples, and is not zero', () => {
    const scored = scoreOf(samples([1, undefined], [0, 0], [1, 0]), { binary: true, draws: true });
    expect(scored).toMatchObject({ score: 0.5, samples: 5, prompts: 3, missing: 1 });
  });

  test('with an interval over prompts: more samples of the same prompts do not pretend to be more prompts', () => {
    const { score, low, high } = scoreOf(samples([1, 0], [0, 0], [1, 1], [1, 0]), { binary: true, draws: true });
    expect({ mean: score, low, high }).toEqual(interval([0.5, 0, 1, 0.5], { binary: false }));
  });

  test("Wilson's where each prompt is right or wrong", () => {
    const { score, low, high } = scoreOf(samples([1], [0], [1]), { binary: true, draws: true });
    expect({ mean: score, low, high }).toEqual(interval([1, 0, 1], { binary: true }));
    const gradual = scoreOf(samples([1], [0], [1]), { binary: false, draws: true });
    expect(gradual).toMatchObject({ low: 0, high: 1 });
  });

  test('with how many of its answers the limit cut, where the model draws them', () => {
    const cut = [produced(0, { finishReason: 'length' }), produced(1), produced(2, { finishReason: 'length' })];
    expect(scoreOf(cut, { binary: true, draws: true }).cut).toBe(2);
    expect(scoreOf([produced(0)], { binary: true, draws: true })).not.toHaveProperty('cut');
    expect(scoreOf(cut, { binary: true, draws: false })).not.toHaveProperty('cut');
  });

  test('with the mean of what a token of its answers costs, in nats', () => {
    expect(scoreOf(samples([1, 1], [1]), { binary: true, draws: true }).entropy).toBeCloseTo((0.5 + 1 + 0.5) / 3, 12);
    const { meanLogprob: _, ...silent } = produced(0);
    expect(scoreOf([silent], { binary: true, draws: true })).not.toHaveProperty('entropy');
  });
});
