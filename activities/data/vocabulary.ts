/**
 * Tokens and their ids in memory that threads can share: texts one behind the other, and a table that finds them. As a
 * Map and an array, a quarter of a million of them take tens of megabytes of each thread; here nine, once.
 */
import { Int32List } from './int32-list.ts';

export interface VocabularyTables {
  /** UTF-16 of all tokens, one behind the other. */
  readonly units: Uint16Array;
  /** Where the text of each entry begins, and where the last ends. */
  readonly starts: Int32Array;
  readonly ids: Int32Array;
  /** Entries by the hash of their text (open addressing). */
  readonly slots: Int32Array;
  /** Entries in the order of their ids. */
  readonly byId: Int32Array;
}

/** What is asked of a vocabulary by text. */
export interface TokenIds {
  get(token: string): number | undefined;
  has(token: string): boolean;
}

const EMPTY = -1;

/** Of one text, or of one id, that comes twice the later entry counts. */
export function vocabularyTables(entries: Iterable<readonly [token: string, id: number]>): VocabularyTables {
  const units = new Int32List();
  const starts = new Int32List();
  const ids = new Int32List();
  const hashes = new Int32List();
  starts.add(0);
  for (const [token, id] of entries) {
    for (let at = 0; at < token.length; at += 1) units.add(token.charCodeAt(at));
    starts.add(units.length);
    ids.add(id);
    hashes.add(hashOf(token));
  }
  const order = ids.view().map((_, entry) => entry);
  const own = ids.view();
  const sorted = own.every((id, entry) => entry === 0 || (own[entry - 1] ?? 0) <= id);
  const tables = {
    units: new Uint16Array(new SharedArrayBuffer(2 * units.length)),
    starts: sharedCopy(starts.view()),
    ids: sharedCopy(own),
    slots: new Int32Array(new SharedArrayBuffer(4 * slotsFor(ids.length))).fill(EMPTY),
    byId: sharedCopy(sorted ? order : order.sort((one, other) => (own[one] ?? 0) - (own[other] ?? 0) || one - other)),
  };
  tables.units.set(units.view());
  for (const [entry, hash] of hashes.view().entries()) {
    const mask = tables.slots.length - 1;
    let slot = hash & mask;
    for (let other = tables.slots[slot] ?? EMPTY; other !== EMPTY; other = tables.slots[slot] ?? EMPTY) {
      if (sameText(tables, entry, other)) break;
      slot = (slot + 1) & mask;
    }
    tables.slots[slot] = entry;
  }
  return tables;
}

function sameText({ units, starts }: VocabularyTables, entry: number, other: number): boolean {
  const [from, start, end] = [starts[other] ?? 0, starts[entry] ?? 0, starts[entry + 1] ?? 0];
  if (end - start !== (starts[other + 1] ?? 0) - from) return false;
  for (let at = start; at < end; at += 1) if (units[at] !== units[from + at - start]) return false;
  return true;
}

/** Half of them stay empty, so that what is looked for is near. */
export function slotsFor(entries: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(4, entries * 2)));
}

function sharedCopy(values: Int32Array): Int32Array {
  const copy = new Int32Array(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}

export class Vocabulary implements TokenIds {
  readonly #tables: VocabularyTables;

  constructor(tables: VocabularyTables) {
    this.#tables = tables;
  }

  get(token: string): number | undefined {
    const { slots, ids } = this.#tables;
    const entry = slots[this.#slot(token)] ?? EMPTY;
    return entry === EMPTY ? undefined : ids[entry];
  }

  has(token: string): boolean {
    return this.#tables.slots[this.#slot(token)] !== EMPTY;
  }

  token(id: number): string | undefined {
    const { byId, ids } = this.#tables;
    let low = 0;
    let high = byId.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ids[byId[middle] ?? 0] ?? 0) <= id) low = middle + 1;
      else high = middle;
    }
    const entry = byId[low - 1];
    return entry !== undefined && ids[entry] === id ? this.#text(entry) : undefined;
  }

  #text(entry: number): string {
    const { units, starts } = this.#tables;
    return String.fromCharCode(...units.subarray(starts[entry], starts[entry + 1]));
  }

  /** Where the text stands among the slots, or would. */
  #slot(token: string): number {
    const { slots } = this.#tables;
    const mask = slots.length - 1;
    let slot = hashOf(token) & mask;
    for (;;) {
      const entry = slots[slot] ?? EMPTY;
      if (entry === EMPTY || this.#is(entry, token)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #is(entry: number, token: string): boolean {
    const { units, starts } = this.#tables;
    const start = starts[entry] ?? 0;
    if ((starts[entry + 1] ?? 0) - start !== token.length) return false;
    for (let at = 0; at < token.length; at += 1) {
      if (units[start + at] !== token.charCodeAt(at)) return false;
    }
    return true;
  }
}

/** FNV-1a of its code units, mixed once more: tokens differ in their last letters. */
function hashOf(token: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let at = 0; at < token.length; at += 1) hash = Math.imul(hash ^ token.charCodeAt(at), 0x01_00_01_93);
  return hash ^ (hash >>> 15);
}
