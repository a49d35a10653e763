/** What a range of lines comes to: words of its examples, counts, and what was left out. */
import { Int32List } from './int32-list.ts';
import { WEIGHT_ZERO, type Notice } from './notices.ts';
import { encodeExample } from './part-format.ts';
import type { Group } from './row-groups.ts';

export interface LeftLine {
  readonly line: number;
  /** Of the example that is too long; absent: its weight is 0. */
  readonly tokens?: number;
}

/** More of them are counted only. */
export const MOST_LEFT = 20;

export interface GatheredRange {
  readonly words: Int32Array;
  /** Words of each example. */
  readonly sizes: Int32Array;
  readonly rows: number;
  /** The first rows that were left out, by their line in the range, from 1. */
  readonly left: readonly LeftLine[];
  /** What is worth telling of the rows, counted. */
  readonly notices: Readonly<Record<Notice, number>>;
  readonly dropped: number;
  readonly tokens: number;
  readonly maxExampleTokens: number;
}

export class Gathered {
  readonly #maxTokens: number;
  readonly #words = new Int32List();
  readonly #sizes = new Int32List();
  readonly #notices: Record<Notice, number> = {};
  readonly #left: LeftLine[] = [];
  #firstLine: number | undefined;
  #rows = 0;
  #dropped = 0;
  #tokens = 0;
  #longest = 0;

  /** Longer examples are left out, and counted. */
  constructor(maxTokens: number) {
    this.#maxTokens = maxTokens;
  }

  /** `line`: in the range, from 1. */
  row(line: number, { groups, notices }: { groups: readonly Group[]; notices: readonly Notice[] }): void {
    this.#rows += 1;
    this.#firstLine ??= line;
    for (const notice of notices) this.#notices[notice] = (this.#notices[notice] ?? 0) + 1;
    if (notices.includes(WEIGHT_ZERO)) this.#leave({ line });
    for (const group of groups) this.#take(group, line);
  }

  /** What could only be made of the first row once the last one was read. */
  rest(groups: readonly Group[]): void {
    for (const group of groups) this.#take(group, this.#firstLine ?? 1);
  }

  result(): GatheredRange {
    return {
      words: this.#words.view().slice(),
      sizes: this.#sizes.view().slice(),
      rows: this.#rows,
      left: this.#left,
      notices: this.#notices,
      dropped: this.#dropped,
      tokens: this.#tokens,
      maxExampleTokens: this.#longest,
    };
  }

  /** What belongs together is left out together. */
  #take(group: Group, line: number): void {
    const longest = group.reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
    if (longest > this.#maxTokens) {
      this.#dropped += 1;
      this.#leave({ line, tokens: longest });
      return;
    }
    for (const { tokens, trained } of group) {
      const example = encodeExample(tokens, trained);
      this.#words.append(example);
      this.#sizes.push(example.length);
      this.#tokens += tokens.length;
    }
    this.#longest = Math.max(this.#longest, longest);
  }

  #leave(left: LeftLine): void {
    if (this.#left.length < MOST_LEFT) this.#left.push(left);
  }
}
