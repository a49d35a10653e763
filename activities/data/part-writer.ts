/**
 * Examples in a row become parts of about equal size, one after the other. Where a part ends depends on the examples
 * alone, so the same examples make the same parts, in whatever pieces they come.
 */
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import type { Part } from './manifest.ts';
import { encodePart } from './part-format.ts';

/** 16 MiB: read whole in some ten milliseconds, and few enough of them for a dataset of terabytes. */
const PART_WORDS = 4 * 1_024 * 1_024;

export class PartWriter {
  readonly #artifacts: Artifacts;
  readonly #partWords: number;
  readonly parts: Part[];
  #pieces: Uint8Array[] = [];
  #sizes: number[] = [];
  #words = 0;

  constructor(
    artifacts: Artifacts,
    { parts = [], partWords = PART_WORDS }: { parts?: readonly Part[]; partWords?: number | undefined } = {},
  ) {
    this.#artifacts = artifacts;
    this.#partWords = partWords;
    this.parts = [...parts];
  }

  /** Takes the examples from number `from` on. `onPart`: one is stored, up to and without that example. */
  async add(
    examples: { readonly words: Int32Array; readonly sizes: Int32Array },
    { from, onPart }: { from: number; onPart: (next: number) => Promise<void> },
  ): Promise<void> {
    const { words, sizes } = examples;
    let start = 0;
    let end = 0;
    for (const [index, size] of sizes.entries()) {
      end += size;
      if (index < from) {
        start = end;
        continue;
      }
      this.#sizes.push(size);
      if (this.#words + end - start < this.#partWords) continue;
      this.#take(words.subarray(start, end));
      start = end;
      await this.close();
      await onPart(index + 1);
    }
    this.#take(words.subarray(start, end));
  }

  /** Stores what is left. */
  async close(): Promise<void> {
    if (this.#sizes.length === 0) return;
    const hash = await this.#artifacts.put(encodePart(this.#pieces, this.#sizes));
    this.parts.push({ hash, examples: this.#sizes.length });
    this.#pieces = [];
    this.#sizes = [];
    this.#words = 0;
  }

  #take(words: Int32Array): void {
    if (words.length === 0) return;
    this.#pieces.push(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
    this.#words += words.length;
  }
}
