/** A block of lines at the end of a terminal that is drawn again in place, while finished lines scroll above it. */
import { cut, printable, visibleLength } from './text.ts';

/** The part of a terminal stream that a block needs. */
export interface Terminal {
  readonly columns: number;
  write(text: string): unknown;
}

const TO_LINE_START = '\r';
const CLEAR_BELOW = '\u001B[J';

export class LiveBlock {
  readonly #terminal: Terminal;
  #drawn: readonly string[] = [];

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  draw(lines: readonly string[]): void {
    this.#replace('', lines);
  }

  /** Writes a line that stays, above the block. */
  keep(line: string): void {
    this.#replace(`${printable(line, { colours: true })}\n`, this.#drawn);
  }

  clear(): void {
    this.#replace('', []);
  }

  /** One write, so that a terminal never shows the state between. */
  #replace(kept: string, lines: readonly string[]): void {
    const { columns } = this.#terminal;
    const fitted = lines.map((line) => cut(printable(line, { colours: true }), columns - 1));
    this.#terminal.write(this.#eraser(columns) + kept + fitted.map((line) => `${line}\n`).join(''));
    this.#drawn = fitted;
  }

  /** A terminal that was made narrower since has wrapped what was drawn: it takes more rows now. */
  #eraser(columns: number): string {
    const rows = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(visibleLength(line) / columns)), 0);
    return rows === 0 ? '' : `${TO_LINE_START}\u001B[${rows}A${CLEAR_BELOW}`;
  }
}
