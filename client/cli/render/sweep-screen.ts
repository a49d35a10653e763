/** A sweep on a terminal: its table redrawn in place, the lines of its log scrolling above it. */
import type { SweepDetails } from '../../sweeps/sweeps.ts';
import { LiveBlock, type Terminal } from './live-block.ts';
import { sweepLines } from './sweep-lines.ts';

/** Lines below what is kept: more would scroll away before they are drawn again. */
const DEFAULT_ROWS = 24;
const LEAST_ROWS = 5;

export class SweepScreen {
  readonly #terminal: Terminal & { readonly rows?: number };
  readonly #block: LiveBlock;

  constructor(terminal: Terminal & { readonly rows?: number }) {
    this.#terminal = terminal;
    this.#block = new LiveBlock(terminal);
  }

  note(line: string): void {
    this.#block.keep(line);
  }

  /** Of a sweep that is longer than the screen, its beginning and its end: a block that scrolls cannot be drawn again. */
  draw(details: SweepDetails): void {
    const { columns, rows = DEFAULT_ROWS } = this.#terminal;
    const lines = sweepLines(details, columns);
    this.#block.draw(fitted(lines, Math.max(LEAST_ROWS, rows - 2)));
  }

  close(): void {
    this.#block.clear();
  }
}

/** The beginning and the end. */
function fitted(lines: readonly string[], most: number): readonly string[] {
  if (lines.length <= most) return lines;
  const head = Math.ceil((most - 1) / 2);
  const tail = most - 1 - head;
  return [...lines.slice(0, head), `… ${lines.length - head - tail} more lines`, ...lines.slice(lines.length - tail)];
}
