import { describe, expect, test } from '@jest/globals';
import { preferenceSettings, PREFERENCE_LOSSES, PreferenceSpec } from '../../domain/spec/preference-spec.ts';
import { driftOf, outcomeOf, type Answer, type Pair } from '../../activities/preference/losses.ts';
import { partOf, summaryOf } from '../../activities/preference/step-of-pairs.ts';

const answer = (logprob: number, reference: number, tokens: number): Answer => ({ logprob, reference, tokens });

/** Ordinary ones, a single token, nothing at all, and two answers that are the same. */
const PAIRS: readonly Pair[] = [
  { first: answer(-7.25, -8, 5), second: answer(-3.5, -3, 2), label: true },
  { first: answer(-31, -12.5, 9), second: answer(-40, -60, 30), label: false },
  { first: answer(-0.02, -2, 1), second: answer(-4.5, -0.25, 1), label: true },
  { first: answer(0, 0, 0), second: answer(-1.5, -1, 3), label: false },
  { first: answer(-2, -3, 4), second: answer(-2, -3, 4), label: true },
];

const VARIANTS = [
  { loss: 'dpo' },
  { loss: 'dpo', beta: 0.5, labelSmoothing: 0.2 },
  { loss: 'ipo', beta: 0.25 },
  { loss: 'orpo', lambda: 0.7 },
  { loss: 'simpo', beta: 2.5, gamma: 0.3 },
  { loss: 'kto', desirableWeight: 1.3, undesirableWeight: 0.6 },
] as const;

const settingsOf = (spec: unknown): ReturnType<typeof preferenceSettings> =>
  preferenceSettings(PreferenceSpec.parse(spec));

describe.each(VARIANTS)('%o', (spec) => {
  const settings = settingsOf(spec);

  test.each(PAIRS.map((pair, index) => [index, pair] as const))(
    'the slopes of pair %i are those of its loss',
    (_, pair) => {
      const drift = driftOf(PAIRS);
      const at = (first: number, second: number): number =>
        outcomeOf(
          settings,
          {
            ...pair,
            first: { ...pair.first, logprob: pair.first.logprob + first },
            second: { ...pair.second, logprob: pair.second.logprob + second },
          },
          drift,
        ).loss;
      const h = 1e-5;
      const outcome = outcomeOf(settings, pair, drift);
      // Nothing that has no tokens can move.
      const expected = [
        pair.first.tokens === 0 ? outcome.first : (at(h, 0) - at(-h, 0)) / (2 * h),
        (at(0, h) - at(0, -h)) / (2 * h),
      ];
      expect(outcome.first).toBeCloseTo(expected[0] ?? Number.NaN, 6);
      expect(outcome.second).toBeCloseTo(expected[1] ?? Number.NaN, 6);
    },
  );

  test('the weights of a step are its gradient, with the sign turned', () => {
    const drift = driftOf(PAIRS);
    const part = partOf(settings, PAIRS, { all: PAIRS.length, drift });
    const share = settings.reduction === 'sum' ? 1 : 1 / PAIRS.length;
    for (const [index, pair] of PAIRS.entries()) {
      const { first, second } = outcomeOf(settings, pair, drift);
      expect(part.slopes[index]?.[0]).toBeCloseTo(-first * share, 6);
      expect(part.slopes[index]?.[1]).toBeCloseTo(-second * share, 6);
    }
    expect(part.slopes.flat().some((slope) => Object.is(slope, -0))).toBe(false);
  });

  test('far from each other, losses stay numbers', () => {
    const far = { first: answer(-9000, -1, 3), second: answer(-1, -9000, 3), label: true };
    for (const pair of [far, { ...far, first: far.second, second: far.first }]) {
      const { loss, first, second } = outcomeOf(settings, pair);
      expect([loss, first, second].every(Number.isFinite)).toBe(true);
    }
  });
});

test('a step in parts is the step', () => {
  const settings = settingsOf({ loss: 'dpo', beta: 0.3 });
  const whole = partOf(settings, PAIRS, { all: PAIRS.length });
  const parts = [PAIRS.slice(0, 2), PAIRS.slice(2)].map((pairs) => partOf(settings, pairs, { all: PAIRS.length }));
  expect(parts.flatMap(({ slopes }) => slopes)).toEqual(whole.slopes);
  expect(summaryOf(parts)).toEqual(summaryOf([whole]));
});

test('what is not finite is not sent, and the loss says so', () => {
  const broken = partOf(settingsOf({}), [{ first: answer(Number.NaN, 0, 2), second: answer(-1, 0, 2) }], { all: 1 });
  expect(broken.slopes).toEqual([[0, 0]]);
  expect(summaryOf([broken]).loss).toBeNaN();
});

test('equal answers prefer nothing: log 2, no margin, and slopes that cancel out', () => {
  const same = answer(-2, -3, 4);
  const { loss, first, second, metrics } = outcomeOf(settingsOf({ loss: 'dpo' }), { first: same, second: same });
  expect(loss).toBeCloseTo(Math.LN2, 12);
  expect(first + second).toBe(0);
  expect(metrics).toMatchObject({ 'rewards/margins': 0, 'rewards/accuracies': 0 });
});

test('the metrics of labelled rows are means over rows of their kind', () => {
  const settings = settingsOf({ loss: 'kto', beta: 1 });
  const rows: Pair[] = [
    { first: answer(-1, -2, 1), second: answer(0, 0, 1), label: true },
    { first: answer(-1, -4, 1), second: answer(0, 0, 1), label: true },
    { first: answer(-3, -1, 1), second: answer(0, 0, 1), label: false },
  ];
  const { metrics } = summaryOf([partOf(settings, rows, { all: 3, drift: driftOf(rows) })]);
  expect(metrics).toMatchObject({ 'rewards/chosen': 2, 'rewards/rejected': -2, 'rewards/margins': 4, kl: 0 });
});

describe('the numbers of a loss', () => {
  test.each(PREFERENCE_LOSSES)('%s has what it needs by default', (loss) => {
    const numbers = Object.values(preferenceSettings(PreferenceSpec.parse({ loss })));
    expect(numbers.every((value) => typeof value === 'string' || Number.isFinite(value))).toBe(true);
  });

  test('are refused where a loss has none', () => {
    const parsed = PreferenceSpec.safeParse({ loss: 'simpo', labelSmoothing: 0.1 });
    expect(parsed.error?.issues[0]).toMatchObject({
      path: ['labelSmoothing'],
      message: 'the loss simpo has none; it has beta and gamma. Leave it out',
    });
  });
});
