/** The only place that writes to the screen: results to stdout, everything about them to stderr. */
import { visibleJson } from '../../domain/words/outside-text.ts';
import { colours, type Colours } from './render/colours.ts';
import type { Terminal } from './render/live-block.ts';
import { printable } from './render/text.ts';

/** Wide enough for the tables, where nobody says how wide it is. */
const DEFAULT_COLUMNS = 100;

export interface Output {
  /** Absent: stdout is a pipe or a file. */
  readonly terminal?: Terminal;
  readonly columns: number;
  readonly colours: Colours;
  /** A line (or several) of the result. */
  print(text: string): void;
  /** One JSON value, on one line where it is part of a stream. */
  printJson(value: unknown, options?: { line?: boolean }): void;
  /** A line about the result, for people. */
  note(text: string): void;
}

export function processOutput({ color }: { color: boolean }): Output {
  const { stdout, stderr } = process;
  const coloured = color && stdout.isTTY;
  return {
    ...(stdout.isTTY && { terminal: stdout }),
    get columns() {
      return stdout.isTTY ? stdout.columns : DEFAULT_COLUMNS;
    },
    colours: colours(coloured),
    print: (text) => void stdout.write(`${printable(text, { colours: coloured })}\n`),
    printJson: (value, { line = false } = {}) =>
      void stdout.write(`${visibleJson(JSON.stringify(value, undefined, line ? undefined : 2) ?? 'null')}\n`),
    note: (text) => void stderr.write(`${printable(text, { colours: coloured })}\n`),
  };
}
