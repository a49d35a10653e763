/**
 * A shuffled order that is computed where it is asked for, and held nowhere: a keyed bijection of [0, examples).
 *
 * A Feistel network over the next power of two, walked until it lands inside (Black and Rogaway, "Ciphers with arbitrary
 * finite domains", CT-RSA 2002), with 24 rounds, as many as a network of this kind needs to shuffle well (Mitchell,
 * Stokes, Frank and Holmes, "Bandwidth-optimal random shuffling for GPUs", 2021). Halves take turns, so that they may differ in length.
 */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Looked up once: every example of every step comes by here a hundred times. */
const { imul } = Math;

const ROUNDS = 24;
/** In a smaller domain so few bits are mixed that some orders would come more often than others. */
const MIN_BITS = 8;

export interface Order {
  readonly examples: number;
  readonly seed: number;
  /** From 0; every epoch has an order of its own. */
  readonly epoch: number;
}

/** What stands at `position` of the order: each example at exactly one. */
export function permuted(order: Order, position: number): number {
  const { examples } = order;
  const bits = Math.max(MIN_BITS, 32 - Math.clz32(examples - 1));
  const keys = keysOf(order);
  let value = position;
  do value = encrypt(value, bits, keys);
  while (value >= examples);
  return value;
}

function encrypt(value: number, bits: number, keys: Int32Array): number {
  const lowBits = bits >> 1;
  const lowMask = 2 ** lowBits - 1;
  const highMask = 2 ** (bits - lowBits) - 1;
  let low = value & lowMask;
  let high = (value >>> lowBits) & highMask;
  for (let round = 0; round < ROUNDS; round += 2) {
    low ^= mix(high ^ (keys[round] ?? 0)) & lowMask;
    high ^= mix(low ^ (keys[round + 1] ?? 0)) & highMask;
  }
  return ((high << lowBits) | low) >>> 0;
}

/** The finalizer of MurmurHash3 (A. Appleby): every bit of the input moves every bit of the output. */
function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** Most recent last. Only a memory of a pure function: a step asks a thousand times for one or two epochs. */
const remembered: { readonly seed: number; readonly epoch: number; readonly keys: Int32Array }[] = [];
const MAX_REMEMBERED = 8;

function keysOf({ seed, epoch }: Order): Int32Array {
  const known = remembered.findLast((entry) => entry.seed === seed && entry.epoch === epoch);
  if (known !== undefined) return known.keys;
  const random = xoroshiro128plus(seed);
  // A jump moves the generator 2^64 numbers on, so that no two epochs share any.
  for (let jumps = 0; jumps < epoch; jumps++) random.jump();
  const keys = Int32Array.from({ length: ROUNDS }, () => uniformInt(random, -0x8000_0000, 0x7fff_ffff));
  remembered.push({ seed, epoch, keys });
  if (remembered.length > MAX_REMEMBERED) remembered.shift();
  return keys;
}
