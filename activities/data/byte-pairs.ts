/**
 * Byte-pair encoding on ids: pieces of text become tokens by the merges of a tokenizer.json, as Python's tokenizers does
 * it. The merges lie in one table of numbers, which threads share: a tenth of what texts and arrays for half a million of
 * them take.
 */
import FlatQueue from 'flatqueue';
import { Int32List } from './int32-list.ts';
import { byteToken, UnknownPart } from './tokenizer-parts.ts';
import { slotsFor, type TokenIds } from './vocabulary.ts';

export interface BytePairs {
  encode(piece: string): readonly number[];
}

interface BytePairModel {
  readonly vocab: TokenIds;
  /** Of `mergeTable`. */
  readonly merges: Int32Array;
  readonly unknown: number | undefined;
  readonly byteFallback: boolean;
  /** A piece that is a token is that token, whatever the merges make of it. */
  readonly ignoreMerges: boolean;
}

export function bytePairs(model: BytePairModel): BytePairs {
  const { vocab, ignoreMerges } = model;
  const merges = new MergeTable(model.merges);
  const symbols = symbolsOf(model);
  return {
    encode(piece) {
      const own = ignoreMerges ? vocab.get(piece) : undefined;
      return own === undefined ? merged(symbols(piece), merges) : [own];
    },
  };
}

const FIELDS = 4;
const EMPTY = -1;

/** Open addressing: left, right, rank and the id of both together. */
class MergeTable {
  readonly #table: Int32Array;
  readonly #mask: number;

  constructor(table: Int32Array) {
    this.#table = table;
    this.#mask = table.length / FIELDS - 1;
  }

  /** Where the pair stands, or would. */
  #slot(left: number, right: number): number {
    let slot = (Math.imul(left, 0x9e_37_79_b1) ^ Math.imul(right, 0x85_eb_ca_6b)) >>> 0;
    slot = ((slot ^ (slot >>> 15)) & this.#mask) >>> 0;
    for (;;) {
      const at = slot * FIELDS;
      const found = this.#table[at];
      if (found === EMPTY || (found === left && this.#table[at + 1] === right)) return at;
      slot = (slot + 1) & this.#mask;
    }
  }

  set(left: number, right: number, [rank, id]: readonly [rank: number, id: number]): void {
    const at = this.#slot(left, right);
    this.#table[at] = left;
    this.#table[at + 1] = right;
    this.#table[at + 2] = rank;
    this.#table[at + 3] = id;
  }

  /** For `rank` and `id`. */
  find(left: number, right: number): number {
    return this.#slot(left, right);
  }

  /** Below zero: never merged. */
  rank(found: number): number {
    return this.#table[found + 2] ?? EMPTY;
  }

  id(found: number): number {
    return this.#table[found + 3] ?? EMPTY;
  }
}

/**
 * `merges`: pairs of texts; the earlier, the sooner it is done. Throws UnknownPart where a merge has no token, which Python
 * refuses too.
 */
export function mergeTable(vocab: TokenIds, merges: Iterable<readonly [first: string, second: string]>): Int32Array {
  const made = new Int32List();
  for (const [first, second] of merges) {
    const left = vocab.get(first);
    const right = vocab.get(second);
    const id = vocab.get(first + second);
    if (left === undefined || right === undefined || id === undefined) {
      throw new UnknownPart(`the merge of ${JSON.stringify(first)} and ${JSON.stringify(second)} makes no token`);
    }
    made.add(left);
    made.add(right);
    made.add(id);
  }
  const numbers = made.view();
  const count = numbers.length / 3;
  const memory = new Int32Array(new SharedArrayBuffer(4 * FIELDS * slotsFor(count))).fill(EMPTY);
  const table = new MergeTable(memory);
  for (let rank = 0; rank < count; rank += 1) {
    const at = 3 * rank;
    table.set(numbers[at] ?? 0, numbers[at + 1] ?? 0, [rank, numbers[at + 2] ?? 0]);
  }
  return memory;
}

/** Characters of a piece as ids: what is not known is its bytes, or the unknown token, or nothing. */
function symbolsOf({ vocab, unknown, byteFallback }: BytePairModel): (piece: string) => number[] {
  const bytesOf = (character: string): number[] | undefined => {
    const ids = Array.from(Buffer.from(character), (byte) => vocab.get(byteToken(byte))).filter(
      (id) => id !== undefined,
    );
    return ids.length === Buffer.byteLength(character) ? ids : undefined;
  };
  return (piece) => {
    const ids: number[] = [];
    for (const character of piece) {
      const id = vocab.get(character);
      if (id !== undefined) {
        ids.push(id);
        continue;
      }
      const bytes = byteFallback ? bytesOf(character) : undefined;
      if (bytes !== undefined) ids.push(...bytes);
      else if (unknown !== undefined) ids.push(unknown);
    }
    return ids;
  };
}

/** Looking at all pairs again for each merge is quicker than a queue, for so few. */
const SHORT = 24;

/** The pair of the lowest rank first, of equal ones the leftmost, until no pair is left. */
function merged(ids: number[], table: MergeTable): number[] {
  return ids.length <= SHORT ? mergedShort(ids, table) : mergedLong(ids, table);
}

function mergedShort(ids: number[], table: MergeTable): number[] {
  while (ids.length > 1) {
    let best = -1;
    let at = -1;
    for (let index = 0; index + 1 < ids.length; index += 1) {
      const found = table.find(ids[index] ?? 0, ids[index + 1] ?? 0);
      const rank = table.rank(found);
      if (rank >= 0 && (best < 0 || rank < table.rank(best))) [best, at] = [found, index];
    }
    if (best < 0) break;
    ids[at] = table.id(best);
    ids.splice(at + 1, 1);
  }
  return ids;
}

/** A queue of pairs by rank and place; one whose pair has become another is passed over. */
function mergedLong(ids: number[], table: MergeTable): number[] {
  const chain = new Chain(ids, table);
  for (let at = 0; at < ids.length; at += 1) chain.look(at);
  for (let first = chain.queue.pop(); first !== undefined; first = chain.queue.pop()) chain.merge(first);
  return chain.ids();
}

/** What is left of the symbols, each with the next. */
class Chain {
  /** Entries by themselves, the least first. */
  readonly queue = new FlatQueue();
  readonly #ids: number[];
  readonly #table: MergeTable;
  readonly #next: Int32Array;
  readonly #before: Int32Array;
  /** Of each symbol with the next. */
  readonly #ranks: Int32Array;

  constructor(ids: number[], table: MergeTable) {
    const { length } = ids;
    this.#ids = ids;
    this.#table = table;
    this.#next = Int32Array.from({ length }, (_, index) => (index + 1 < length ? index + 1 : -1));
    this.#before = Int32Array.from({ length }, (_, index) => index - 1);
    this.#ranks = new Int32Array(length).fill(EMPTY);
  }

  look(at: number): void {
    const found = this.#pair(at);
    const rank = found < 0 ? EMPTY : this.#table.rank(found);
    this.#ranks[at] = rank;
    if (rank < 0) return;
    const entry = rank * this.#ids.length + at;
    this.queue.push(entry, entry);
  }

  /** An entry of the queue. */
  merge(entry: number): void {
    const { length } = this.#ids;
    const at = entry % length;
    if (this.#ranks[at] !== (entry - at) / length) return;
    this.#ids[at] = this.#table.id(this.#pair(at));
    const right = this.#next[at] ?? -1;
    const after = this.#next[right] ?? -1;
    this.#ranks[right] = EMPTY;
    this.#next[at] = after;
    if (after >= 0) this.#before[after] = at;
    this.look(at);
    const before = this.#before[at] ?? -1;
    if (before >= 0) this.look(before);
  }

  ids(): number[] {
    const left: number[] = [];
    for (let at = 0; at >= 0; at = this.#next[at] ?? -1) left.push(this.#ids[at] ?? 0);
    return left;
  }

  #pair(at: number): number {
    const right = this.#next[at] ?? -1;
    return right < 0 ? EMPTY : this.#table.find(this.#ids[at] ?? 0, this.#ids[right] ?? 0);
  }
}
