/** What the gate makes of models that are equal, and of one that is better: simulated, with seeds. */
import { describe, expect, test } from '@jest/globals';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { looksAt, tailOf } from '../../domain/decide/looks.ts';
import { judgeGate } from '../../domain/decide/promotion-gate.ts';
import { pairedDifference } from '../../domain/decide/statistics/paired.ts';

/** Looked up once: in a test's sandbox every look at a global is slow. */
const { ceil, min, sqrt } = Math;

type Random = () => number;
/** What a model scores on a prompt that it gets right with a chance of `right`. */
type Draw = (right: number, random: Random) => number;

function randomOf(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  return () => (generator.next() >>> 0) / 2 ** 32;
}

const KINDS: Record<string, Draw> = {
  'right or wrong': (right, random) => (random() < right ? 1 : 0),
  'rarely right': (right, random) => (random() < right ** 8 ? 1 : 0),
  'four answers': (right, random) =>
    (Number(random() < right) + Number(random() < right) + Number(random() < right) + Number(random() < right)) / 4,
  similarity: (right, random) => (right + random() + random()) / 3,
};

interface Trial {
  readonly prompts: number;
  readonly candidates: number;
  /** By how much every candidate is more often right. */
  readonly gain?: number;
}

/** The best of the candidates, by its mean, is asked for. */
function promotes({ prompts, candidates, gain = 0 }: Trial, draw: Draw, random: Random): boolean {
  const rights = Array.from({ length: prompts }, random);
  const score = (more: number) => rights.map((right) => draw(right + more, random));
  const champion = score(0);
  let [best, most] = [champion, -1];
  for (let candidate = 0; candidate < candidates; candidate++) {
    const scores = score(gain);
    const total = scores.reduce((sum, value) => sum + value, 0);
    if (total > most) [best, most] = [scores, total];
  }
  return gate(champion, best, candidates);
}

function gate(champion: readonly number[], candidate: readonly number[], candidates: number): boolean {
  const named = (scores: readonly number[]) => scores.map((score, index) => ({ promptHash: `p${index}`, score }));
  const looks = looksAt({ checkpoints: candidates, otherGates: 0 });
  const difference = pairedDifference(named(champion), named(candidate), { tail: tailOf(looks) });
  const side = { evaluation: '', identity: '', score: 0, missing: 0 };
  const comparison = {
    suite: 'main',
    metric: 'any',
    candidate: side,
    reference: side,
    prompts: champion.length,
    looks,
  };
  return judgeGate({
    against: 'the champion',
    margin: 0,
    comparisons: [{ ...comparison, ...(difference && { difference }) }],
  }).passed;
}

function share(trials: number, happens: () => boolean): number {
  let count = 0;
  for (let trial = 0; trial < trials; trial++) count += Number(happens());
  return count / trials;
}

const AT_MOST = 0.025;

describe.each(Object.entries(KINDS))('equal models: %s', (_, draw) => {
  test.each([1, 2, 7, 20, 50])('the best of %d is promoted in at most 2.5 % of the cases', (candidates) => {
    const random = randomOf(100 + candidates);
    const shares = [2, 3, 6, 9, 14, 25, 40, 90].map((prompts) => {
      const trials = min(600, ceil(30_000 / (prompts * (candidates + 1))));
      return { trials, found: share(trials, () => promotes({ prompts, candidates }, draw, random)) };
    });
    for (const { trials, found } of shares) {
      // What chance may add to a share of so many trials, three standard errors of it.
      expect(found).toBeLessThanOrEqual(AT_MOST + 3 * sqrt((AT_MOST * (1 - AT_MOST)) / trials));
    }
    const all = shares.reduce((sum, { trials }) => sum + trials, 0);
    expect(shares.reduce((sum, { trials, found }) => sum + trials * found, 0) / all).toBeLessThanOrEqual(AT_MOST);
  });
});

describe('equal models on many prompts', () => {
  test.each([
    [256, 1, 600],
    [256, 20, 120],
    [256, 50, 60],
    [2_000, 1, 120],
    [2_000, 50, 20],
  ])('%d prompts, the best of %d', (prompts, candidates, trials) => {
    const random = randomOf(prompts + candidates);
    const draw: Draw = (right, next) => (next() < right ? 1 : 0);
    const found = share(trials, () => promotes({ prompts, candidates }, draw, random));
    expect(found).toBeLessThanOrEqual(AT_MOST + 2 * sqrt((AT_MOST * (1 - AT_MOST)) / trials));
  });
});

describe('a better model', () => {
  const draw: Draw = (right, random) => (random() < right ? 1 : 0);
  test.each([
    [256, 1, 0.15],
    [256, 20, 0.2],
    [1_000, 1, 0.08],
    [1_000, 50, 0.11],
    [60, 1, 0.35],
  ])('%d prompts, %d candidates that are right more often by %d', (prompts, candidates, gain) => {
    const random = randomOf(7);
    expect(share(40, () => promotes({ prompts, candidates, gain }, draw, random))).toBeGreaterThan(0.8);
  });

  test('six prompts are enough for one that wins them all, and five are not', () => {
    expect(gate(Array(6).fill(0), Array(6).fill(1), 1)).toBe(true);
    expect(gate(Array(5).fill(0), Array(5).fill(1), 1)).toBe(false);
    expect(gate(Array(6).fill(0), Array(6).fill(1), 2)).toBe(false);
    expect(gate(Array(24).fill(0), Array(24).fill(1), 1_000)).toBe(true);
  });
});
