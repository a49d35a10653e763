/** Merges read into a table of numbers, against the library's own model, which was compared with Python's. */
import { describe, expect, test } from '@jest/globals';
import { Tokenizer } from '@huggingface/tokenizers';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { bytePairs, mergeTable } from '../../activities/data/byte-pairs.ts';

const random = xoroshiro128plus(3);
const pick = <Item>(items: readonly Item[]): Item => items[uniformInt(random, 0, items.length - 1)] as Item;

const LETTERS = 'a b c d e'.split(' ');

/** Merges at random, some of which make one token in several ways; each made of what is there. */
function model(
  letters: readonly string[],
  count: number,
): { vocab: Record<string, number>; merges: [string, string][] } {
  const tokens = [...letters];
  const merges = new Map<string, [string, string]>();
  while (merges.size < count) {
    const merge: [string, string] = [pick(tokens), pick(tokens)];
    if (merge.join('').length > 12) continue;
    merges.set(merge.join(' '), merge);
    if (!tokens.includes(merge.join(''))) tokens.push(merge.join(''));
  }
  return { vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges: [...merges.values()] };
}

type Library = { model: { encode(pieces: string[]): string[] } };

describe.each([false, true])('pieces of any length, whole tokens at once: %s', (ignoreMerges) => {
  test.each([
    [2, 6],
    [3, 40],
    [5, 300],
  ])('of %d letters by %d merges', (letters, count) => {
    const { vocab, merges } = model(LETTERS.slice(0, letters), count);
    const file = {
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
      decoder: null,
      model: { type: 'BPE', vocab, merges, ignore_merges: ignoreMerges },
    };
    const library = new (Tokenizer as unknown as new (file: object, config: object) => Library)(file, {});
    const ids = new Map(Object.entries(vocab));
    const own = bytePairs({
      vocab: ids,
      merges: mergeTable(ids, merges),
      unknown: undefined,
      byteFallback: false,
      ignoreMerges,
    });
    // Below and above the length from which a queue is kept.
    for (const length of [0, 1, 2, 3, 10, 23, 24, 25, 26, 60, 400]) {
      for (let round = 0; round < 20; round += 1) {
        const piece = Array.from({ length }, () => pick(LETTERS.slice(0, letters))).join('');
        expect([piece, own.encode(piece)]).toEqual([piece, library.model.encode([piece]).map((token) => vocab[token])]);
      }
    }
  });
});

describe('what the vocabulary has not', () => {
  const vocab = new Map(['a', 'b', 'ab', '?', '<0xC3>', '<0xA9>'].map((token, id) => [token, id]));
  const made = (changes: object): readonly number[] =>
    bytePairs({
      vocab,
      merges: mergeTable(vocab, [['a', 'b']]),
      unknown: 3,
      byteFallback: false,
      ignoreMerges: false,
      ...changes,
    }).encode('aéb');

  test('is the unknown token, or its bytes, or nothing', () => {
    expect(made({})).toEqual([0, 3, 1]);
    expect(made({ byteFallback: true })).toEqual([0, 4, 5, 1]);
    // Python leaves it out before it merges.
    expect(made({ unknown: undefined })).toEqual([2]);
  });

  test('and a merge that makes no token is refused', () => {
    expect(() => mergeTable(vocab, [['b', 'a']])).toThrow('the merge of "b" and "a" makes no token');
  });
});
