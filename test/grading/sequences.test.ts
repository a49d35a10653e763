/** Distances of long texts, against the table that defines them, and against what is known of texts too long for it. */
import { describe, expect, test } from '@jest/globals';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { longestCommon, wordEdits } from '../../activities/grading/sequences.ts';

/** The definition: a table of all pairs of beginnings. */
function plainEdits(from: readonly string[], to: readonly string[]): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [row, word] of from.entries()) {
    const current = [row + 1];
    for (const [column, other] of to.entries()) {
      const replace = (above[column] ?? 0) + (word === other ? 0 : 1);
      current.push(Math.min(replace, (above[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    above = current;
  }
  return above[to.length] ?? 0;
}

function plainCommon(from: readonly string[], to: readonly string[]): number {
  let above = Array.from({ length: to.length + 1 }, () => 0);
  for (const word of from) {
    const current = [0];
    for (const [column, other] of to.entries()) {
      current.push(word === other ? (above[column] ?? 0) + 1 : Math.max(above[column + 1] ?? 0, current[column] ?? 0));
    }
    above = current;
  }
  return above[to.length] ?? 0;
}

const random = xoroshiro128plus(5);
const draw = (length: number, vocabulary: number): string[] =>
  Array.from({ length }, () => `w${uniformInt(random, 1, vocabulary)}`);

/** A few words replaced, removed and put in. */
function edited(words: readonly string[], edits: number): string[] {
  const copy = [...words];
  for (let edit = 0; edit < edits; edit += 1) {
    const at = uniformInt(random, 0, copy.length);
    copy.splice(at, uniformInt(random, 0, 1), ...draw(uniformInt(random, 0, 1), 50));
  }
  return copy;
}

// Around the borders of blocks of 32, and beyond several.
const LENGTHS = [0, 1, 2, 5, 31, 32, 33, 63, 64, 65, 130];
const pairs = LENGTHS.flatMap((from) =>
  LENGTHS.flatMap((to) => [1, 2, 3, 40].map((vocabulary) => [draw(from, vocabulary), draw(to, vocabulary)] as const)),
);
const near = [40, 100, 300].flatMap((length) =>
  [0, 1, 3, 9, 30].map((edits) => {
    const words = draw(length, 20);
    return [words, edited(words, edits)] as const;
  }),
);

describe('are those of the table', () => {
  test.each([
    ['of unrelated texts', pairs],
    ['of texts that are nearly alike', near],
    ['of repetitions', [33, 64, 70].map((length) => [draw(length, 1), ['w1', 'w2', ...draw(length, 1)]] as const)],
  ])('%s', (_, cases) => {
    for (const [from, to] of cases) {
      const about = `${from.join(' ')} | ${to.join(' ')}`;
      expect([about, wordEdits(from, to), longestCommon(from, to)]).toEqual([
        about,
        plainEdits(from, to),
        plainCommon(from, to),
      ]);
    }
  });
});

test('of texts for which the table would have a hundred billion fields', () => {
  const long = Array.from({ length: 300_000 }, (_, index) => `${index % 997}`);
  const changed = long.map((word, index) => (index % 100_000 === 50_000 ? 'other' : word)).slice(1);
  expect(wordEdits(long, changed)).toBe(4);
  expect(wordEdits(long, ['start', ...long])).toBe(1);
  expect(
    wordEdits(
      long,
      long.map((word) => `x${word}`),
    ),
  ).toBe(300_000);
  expect(longestCommon(long.slice(0, 20_000), ['start', ...long.slice(1, 20_000)])).toBe(19_999);
});
