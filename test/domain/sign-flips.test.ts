/** How rare a sum is if chance alone chose its signs, and the distributions beneath. */
import { describe, expect, test } from '@jest/globals';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { fairTail, normalQuantile, normalTail, studentQuantile } from '../../domain/decide/statistics/distributions.ts';
import { signFlipTail } from '../../domain/decide/statistics/sign-flips.ts';

describe('the sign-flip test', () => {
  test("is Fisher's of Darwin's maize", () => {
    // R. A. Fisher, The Design of Experiments (1935), section 21: 863 of 2¹⁵ choices of signs give at least the sum.
    const heights = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
    expect(signFlipTail(heights.map((height) => height / 100))).toBe(863 / 2 ** 15);
  });

  test.each([
    // scipy 1.17.1, permutation_test((x,), np.sum, permutation_type='samples', alternative='greater').
    [[0.5, 0.25, 0.75, -0.25, 0.5, 0.125, 0.5, -0.5, 0.25, 0.375], 0.04296875],
    [[0.9, 0.1, 0.05, 0.3, -0.2, 0.7, 0.15, -0.1, 0.02, 0.4, -0.05, 0.6, 0.08, 0.25, -0.15, 0.03], 0.012603759765625],
  ])('counts every choice of signs: %#', (differences, expected) => {
    expect(signFlipTail(differences)).toBeCloseTo(expected, 15);
    expect(signFlipTail([0, ...differences, 1e-17, 0])).toBeCloseTo(expected, 15);
  });

  test.each([
    // McNemar's exact test: of the prompts that one alone got right, fair coins decide.
    [14, 2, 0.0020904541015625],
    [60, 40, 0.028443966820490444],
    [50_500, 49_500, 0.0007911799394257577],
  ])('of %d won and %d lost prompts is the binomial tail', (won, lost, expected) => {
    const differences = [...Array<number>(won).fill(1), ...Array<number>(lost).fill(-1), ...Array<number>(99).fill(0)];
    expect(signFlipTail(differences) / expected).toBeCloseTo(1, 9);
    expect(signFlipTail(differences.map((difference) => difference / 3)) / expected).toBeCloseTo(1, 9);
  });

  test('of no difference is certain, and of the one choice that gives as much half to the power of all', () => {
    expect(signFlipTail([0, 0, 1e-15])).toBe(1);
    expect(signFlipTail([0.5, 0.25, 0.125])).toBe(1 / 8);
    expect(signFlipTail(Array.from({ length: 40 }, (_, index) => (index + 1) / 41))).toBe(2 ** -40);
  });

  /** Fourths, as of four answers to a prompt; a hundredth; few that outweigh the others. */
  const kinds: [string, (random: () => number) => number][] = [
    ['fourths', (random) => 1 + Math.floor(random() * 4)],
    ['hundredths', (random) => 1 + Math.floor(random() * 100)],
    ['a few large ones', (random) => 1 + Math.floor(100 * random() ** 6)],
    ['tails', (random) => 1 + Math.floor(1 / (random() + 0.01))],
  ];
  test.each(kinds)('of many %s is close to the count, and rather above it', (_, size) => {
    const generator = xoroshiro128plus(3);
    const random = () => uniformInt(generator, 0, 2 ** 30 - 1) / 2 ** 30;
    for (const length of [25, 40, 80, 160]) {
      const sizes = Array.from({ length }, () => size(random));
      const total = sizes.reduce((sum, value) => sum + value, 0);
      const chances = tailsBySum(sizes);
      for (let rest = 0; rest < total; rest++) {
        const sum = total - rest;
        const exact = chances[rest] ?? 0;
        // Where tests of 1 to 50 candidates decide.
        if (exact < 0.0003 || exact > 0.03) continue;
        const differences = withSum(sizes, sum);
        if (differences === undefined) continue;
        const ratio = signFlipTail(differences.map((value) => value / 100)) / exact;
        expect(ratio).toBeGreaterThan(0.97);
        expect(ratio).toBeLessThan(length < 50 ? 3 : 1.8);
      }
    }
  });

  /** P(sum ≥ total − index), by adding one sign after the other. */
  function tailsBySum(sizes: readonly number[]): Float64Array {
    const total = sizes.reduce((sum, value) => sum + value, 0);
    let chances = new Float64Array(2 * total + 1);
    chances[total] = 1;
    for (const size of sizes) {
      const next = new Float64Array(chances.length);
      chances.forEach((chance, at) => {
        if (chance === 0) return;
        next[at - size] = (next[at - size] ?? 0) + chance / 2;
        next[at + size] = (next[at + size] ?? 0) + chance / 2;
      });
      chances = next;
    }
    let above = 0;
    return chances.toReversed().map((chance) => (above += chance));
  }

  /** Signs that give the sum, the largest turned first; undefined where that way leads to none. */
  function withSum(sizes: readonly number[], sum: number): number[] | undefined {
    let excess = (sizes.reduce((total, value) => total + value, 0) - sum) / 2;
    const signed = sizes
      .toSorted((one, other) => other - one)
      .map((size) => {
        if (size > excess) return size;
        excess -= size;
        return -size;
      });
    return excess === 0 ? signed : undefined;
  }
});

describe('tails and quantiles', () => {
  // scipy 1.17.1: norm.sf, norm.isf, t.isf, binom.sf.
  test.each([
    [0, 0.5],
    [1, 0.15865525393145707],
    [2.9, 0.0018658133003840375],
    [3.1, 0.0009676032132183563],
    [6, 9.865876450376946e-10],
    [12, 1.776482112077653e-33],
  ])('of the normal distribution beyond %d', (z, expected) => {
    expect(normalTail(z) / expected).toBeCloseTo(1, 10);
    expect(normalTail(-z)).toBeCloseTo(1 - expected, 12);
  });

  test.each([
    [0.025, 1.9599639845400545],
    [0.0005, 3.2905267314918945],
    [1e-9, 5.9978070150076865],
  ])('of the normal distribution: %d', (tail, expected) => {
    expect(normalQuantile(tail)).toBeCloseTo(expected, 9);
  });

  test.each([
    [5, 0.025, 2.5705818356363155],
    [1, 0.001, 318.30883898555044],
    [11, 0.0005, 4.436979338234449],
    [257, 0.0005, 3.3287844172949668],
    [2001, 1e-6, 4.767473102880805],
  ])("of Student's distribution with %d degrees of freedom: %d", (freedom, tail, expected) => {
    expect(studentQuantile(freedom, tail) / expected).toBeCloseTo(1, 9);
  });

  test.each([
    [6, 6, 1 / 64],
    [9, 10, 11 / 1_024],
    [0, 5, 1],
    [-3, 5, 1],
    [6, 5, 0],
  ])('of %d heads in %d tosses', (heads, tosses, expected) => {
    expect(fairTail(heads, tosses)).toBeCloseTo(expected, 14);
  });
});
