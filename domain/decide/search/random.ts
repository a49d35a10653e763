/**
 * Random numbers that are looked up, not drawn one after another: whoever asks first, the same place gives the same one.
 *
 * Philox4x32-10 (J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011): ten rounds of a counter under a key.
 */

/** What a number is drawn for: no two purposes share any. */
export interface Stream {
  readonly seed: number;
  /** Of the trial. */
  readonly number: number;
  /** A parameter, or whatever else something is drawn for. */
  readonly purpose: string;
}

type Words = readonly [number, number, number, number];

/** The `draw`-th number (from 0) of a stream, uniform in [0, 1) with 53 bits. */
export function uniformAt({ seed, number, purpose }: Stream, draw = 0): number {
  const [high, low] = philox([draw, number, 0, 0], [seed, hashOf(purpose)]);
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
}

/** Ten rounds over a counter of four words of 32 bits, under a key of two. */
export function philox(counter: Words, key: readonly [number, number]): Words {
  let [a, b, c, d] = counter;
  let [left, right] = key;
  for (let round = 0; round < 10; round++) {
    const first = product(0xd2511f53, a);
    const second = product(0xcd9e8d57, c);
    [a, b, c, d] = [second.high ^ b ^ left, second.low, first.high ^ d ^ right, first.low];
    left = (left + 0x9e3779b9) | 0;
    right = (right + 0xbb67ae85) | 0;
  }
  return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
}

/** 32 × 32 bits to 64: in halves, as no number here holds the whole. */
function product(one: number, other: number): { high: number; low: number } {
  const [oneHigh, oneLow] = [one >>> 16, one & 0xffff];
  const [otherHigh, otherLow] = [other >>> 16, other & 0xffff];
  const middle = oneHigh * otherLow + ((oneLow * otherLow) >>> 16);
  const carried = oneLow * otherHigh + (middle % 0x1_0000);
  const high = oneHigh * otherHigh + Math.floor(middle / 0x1_0000) + Math.floor(carried / 0x1_0000);
  return { high: high | 0, low: Math.imul(one, other) };
}

/** FNV-1a (G. Fowler, L. C. Noll and K.-P. Vo) of the text's 16-bit units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
