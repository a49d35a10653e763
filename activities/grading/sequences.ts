/**
 * How far apart two sequences of words are, and how much of one is in the other, in order. What two long texts share is
 * found in time that grows with their length and with their differences; where they share little, 32 words of one are
 * compared with a word of the other at once.
 */

/** Words as numbers, equal for equal words, without the beginning and the end that both share. */
interface Numbered {
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Words that both share at either end. */
  readonly shared: number;
  /** Different words. */
  readonly words: number;
}

function numbered(from: readonly string[], to: readonly string[]): Numbered {
  const shorter = Math.min(from.length, to.length);
  let start = 0;
  while (start < shorter && from[start] === to[start]) start += 1;
  let end = 0;
  while (end < shorter - start && from[from.length - 1 - end] === to[to.length - 1 - end]) end += 1;
  const numbers = new Map<string, number>();
  const numberOf = (word: string): number => {
    const known = numbers.get(word) ?? numbers.size;
    numbers.set(word, known);
    return known;
  };
  const own = (words: readonly string[]): Int32Array =>
    Int32Array.from(words.slice(start, words.length - end), numberOf);
  return { from: own(from), to: own(to), shared: start + end, words: numbers.size };
}

/** Words to replace, remove or insert (V. I. Levenshtein, 1966). */
export function wordEdits(from: readonly string[], to: readonly string[]): number {
  const [longer, shorter] = from.length < to.length ? [to, from] : [from, to];
  const sequences = numbered(longer, shorter);
  const [{ length: rows }, { length: columns }] = [sequences.from, sequences.to];
  if (columns === 0) return rows;
  // Every word that the other has not costs an edit.
  const least = rows - sharedWords(sequences);
  if (least === rows) return rows;
  // What the greedy search may cost without ever costing more than the other way does.
  const affordable = Math.floor(Math.sqrt((rows * columns) / BITS)) + 1;
  return (least > affordable ? undefined : fewEdits(sequences, affordable)) ?? editsInBlocks(sequences);
}

/** Words that both have, in any order. */
function sharedWords({ from, to, words }: Numbered): number {
  const left = new Int32Array(words);
  for (const word of from) left[word] = (left[word] ?? 0) + 1;
  let shared = 0;
  for (const word of to) {
    const count = left[word] ?? 0;
    if (count > 0) shared += 1;
    left[word] = count - 1;
  }
  return shared;
}

/** Length of the longest sequence that both have, not necessarily in one piece. */
export function longestCommon(from: readonly string[], to: readonly string[]): number {
  const sequences = numbered(from, to);
  return sequences.shared + commonInBlocks(sequences);
}

const BITS = 32;

/**
 * Edits, if they are at most so many: for each number of edits and each diagonal, how far one gets (E. Ukkonen, 1985;
 * E. Myers, 1986). Time: length plus the square of the edits.
 */
function fewEdits({ from, to }: Numbered, most: number): number | undefined {
  const [rows, columns] = [from.length, to.length];
  if (rows - columns > most) return undefined;
  const zero = most + 1;
  // The furthest row of each diagonal (row minus column); below zero: none.
  let reached = new Int32Array(2 * most + 3).fill(NOWHERE);
  let next = new Int32Array(2 * most + 3).fill(NOWHERE);
  reached[zero] = -1;
  for (let edits = 0; edits <= most; edits += 1) {
    for (let diagonal = -edits; diagonal <= edits; diagonal += 1) {
      const begin = furthest(reached, zero + diagonal);
      next[zero + diagonal] = begin < Math.max(0, diagonal) ? NOWHERE : along({ from, to }, begin, diagonal);
    }
    if (next[zero + rows - columns] === rows) return edits;
    [reached, next] = [next, reached];
  }
  return undefined;
}

const NOWHERE = -2;

/** After one more edit: a word replaced, removed, or put in. */
function furthest(reached: Int32Array, at: number): number {
  return Math.max((reached[at] ?? NOWHERE) + 1, (reached[at - 1] ?? NOWHERE) + 1, reached[at + 1] ?? NOWHERE);
}

/** How far both are alike from here. */
function along({ from, to }: Pick<Numbered, 'from' | 'to'>, begin: number, diagonal: number): number {
  let row = Math.min(begin, from.length, to.length + diagonal);
  while (row < from.length && row - diagonal < to.length && from[row] === to[row - diagonal]) row += 1;
  return row;
}

/** Where each word stands, a bit for each position: `words × blocks`, only of words that are there. */
function masksOf(sequence: Int32Array, words: number, blocks: number): (word: number) => Int32Array | undefined {
  const masks: (Int32Array | undefined)[] = Array.from({ length: words });
  for (const [at, word] of sequence.entries()) {
    const mask = (masks[word] ??= new Int32Array(blocks));
    const block = Math.floor(at / BITS);
    mask[block] = (mask[block] ?? 0) | (1 << (at % BITS));
  }
  return (word) => masks[word];
}

/** G. Myers, 1999, in the form of H. Hyyrö, 2003: a column of the table of distances as bits of their differences. */
function editsInBlocks({ from, to, words }: Numbered): number {
  const blocks = Math.ceil(from.length / BITS);
  const maskOf = masksOf(from, words, blocks);
  const up = new Int32Array(blocks).fill(-1);
  const down = new Int32Array(blocks);
  const last = 1 << ((from.length - 1) % BITS);
  let edits = from.length;
  for (const word of to) {
    const mask = maskOf(word);
    // The difference that comes in from the block above: the first row grows with each column.
    let carry = 1;
    for (let block = 0; block < blocks; block += 1) {
      const pv = up[block] ?? 0;
      const mv = down[block] ?? 0;
      const match = mask?.[block] ?? 0;
      const vertical = match | mv;
      const equal = match | Number(carry < 0);
      const horizontal = (((equal & pv) + pv) ^ pv) | equal;
      const plus = mv | ~(horizontal | pv);
      const minus = pv & horizontal;
      const shifted = (plus << 1) | Number(carry > 0);
      up[block] = (minus << 1) | Number(carry < 0) | ~(vertical | shifted);
      down[block] = shifted & vertical;
      const top = block === blocks - 1 ? last : 1 << 31;
      carry = Number((plus & top) !== 0) - Number((minus & top) !== 0);
    }
    edits += carry;
  }
  return edits;
}

/** H. Hyyrö, 2004: a bit that falls is a word more in common. */
function commonInBlocks({ from, to, words }: Numbered): number {
  const blocks = Math.ceil(from.length / BITS);
  const maskOf = masksOf(from, words, blocks);
  const row = new Uint32Array(blocks).fill(0xff_ff_ff_ff);
  for (const word of to) {
    const mask = maskOf(word);
    if (mask === undefined) continue;
    let carry = 0;
    for (let block = 0; block < blocks; block += 1) {
      const own = row[block] ?? 0;
      const matched = (own & (mask[block] ?? 0)) >>> 0;
      const sum = own + matched + carry;
      carry = sum > 0xff_ff_ff_ff ? 1 : 0;
      row[block] = (sum >>> 0) | (own - matched);
    }
  }
  let common = 0;
  for (let at = 0; at < from.length; at += 1) {
    if ((((row[Math.floor(at / BITS)] ?? 0) >>> (at % BITS)) & 1) === 0) common += 1;
  }
  return common;
}
