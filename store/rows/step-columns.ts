/** Numbers of steps, put together in columns: from single rows and from chunks of a thousand. */
import type { StepMetrics } from '../../domain/words/training.ts';
import type { StepNumbers } from './records.ts';
import { CHUNK, firstOf, unpack } from './step-chunks.ts';

export class StepColumns {
  readonly #numbers: StepNumbers;
  #count = 0;

  /** `room`: for so many steps at most. */
  constructor(room: number) {
    const column = (): Float64Array => new Float64Array(room);
    this.#numbers = { step: column(), lossMean: column(), tokens: column(), seconds: column() };
  }

  push({ step, lossMean, tokens, seconds }: StepMetrics): void {
    const [columns, at] = [this.#numbers, this.#count++];
    columns.step[at] = step;
    columns.lossMean[at] = lossMean;
    columns.tokens[at] = tokens;
    columns.seconds[at] = seconds;
  }

  /** The steps of a chunk that are after one and up to another. */
  pushChunk(
    { chunk, numbers }: { readonly chunk: number; readonly numbers: ArrayBuffer },
    { after, until }: { readonly after: number; readonly until: number },
  ): void {
    const first = firstOf(chunk);
    const [start, end] = [Math.max(0, after + 1 - first), Math.min(CHUNK, until - first + 1)];
    if (start >= end) return;
    const [columns, at] = [this.#numbers, this.#count];
    const packed = unpack(numbers);
    columns.lossMean.set(packed.lossMean.subarray(start, end), at);
    columns.tokens.set(packed.tokens.subarray(start, end), at);
    columns.seconds.set(packed.seconds.subarray(start, end), at);
    for (let index = start; index < end; index++) columns.step[at + index - start] = first + index;
    this.#count += end - start;
  }

  numbers(): StepNumbers {
    const { step, lossMean, tokens, seconds } = this.#numbers;
    const filled = (column: Float64Array): Float64Array => column.subarray(0, this.#count);
    return { step: filled(step), lossMean: filled(lossMean), tokens: filled(tokens), seconds: filled(seconds) };
  }
}
