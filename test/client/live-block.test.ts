/** The redraw helper against a terminal that is an array of rows: what is on the screen, not what was sent. */
import { describe, expect, test } from '@jest/globals';
import { LiveBlock } from '../../client/cli/render/live-block.ts';

const ESCAPE = '\u001B';
const PIECE = new RegExp(`${ESCAPE}\\[\\d*[AJ]|\\r|\\n|[^${ESCAPE}\\r\\n]+`, 'g');

/** As much of a terminal as the block uses: wrapping, cursor up, clear to the end. */
class Rows {
  columns: number;
  writes = 0;
  #rows: string[] = [''];
  #at = 0;

  constructor(columns: number) {
    this.columns = columns;
  }

  write(text: string): void {
    this.writes += 1;
    for (const [piece] of text.matchAll(PIECE)) this.#apply(piece);
  }

  /** What a narrower window makes of what is on it. */
  narrow(columns: number): void {
    const wrapped = this.#rows.flatMap((row) => row.match(new RegExp(`.{1,${columns}}`, 'g')) ?? ['']);
    this.columns = columns;
    this.#rows = wrapped;
    this.#at = wrapped.length - 1;
  }

  text(): string {
    return this.#rows.join('\n');
  }

  #apply(piece: string): void {
    const up = /\[(\d+)A$/.exec(piece);
    if (up !== null) this.#at = Math.max(0, this.#at - Number(up[1]));
    else if (piece.endsWith('[J')) this.#rows = [...this.#rows.slice(0, this.#at), ''];
    else if (piece === '\n') this.#rows[(this.#at += 1)] ??= '';
    else if (piece !== '\r') this.#rows[this.#at] = piece;
  }
}

describe('the live block', () => {
  test('is drawn over itself, in one write', () => {
    const rows = new Rows(40);
    const block = new LiveBlock(rows);
    block.draw(['one', 'two', 'three']);
    block.draw(['four']);
    expect([rows.text(), rows.writes]).toEqual(['four\n', 2]);
  });

  test('lines that are kept scroll above it, in order', () => {
    const rows = new Rows(40);
    const block = new LiveBlock(rows);
    block.keep('first');
    block.draw(['live']);
    block.keep('second');
    block.draw(['live again']);
    expect(rows.text()).toBe('first\nsecond\nlive again\n');
  });

  test('lines are cut before they wrap', () => {
    const rows = new Rows(10);
    new LiveBlock(rows).draw(['0123456789abc']);
    expect(rows.text()).toBe('01234567…\n');
  });

  test('a window made narrower leaves nothing behind', () => {
    const rows = new Rows(40);
    const block = new LiveBlock(rows);
    block.keep('kept');
    block.draw(['a line of thirty characters ok', 'short']);
    rows.narrow(12);
    block.draw(['new']);
    expect(rows.text()).toBe('kept\nnew\n');
  });

  test('clearing leaves what was kept', () => {
    const rows = new Rows(40);
    const block = new LiveBlock(rows);
    block.keep('kept');
    block.draw(['live']);
    block.clear();
    expect(rows.text()).toBe('kept\n');
  });
});
