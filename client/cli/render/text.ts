/** Text for a terminal: what does not belong there taken out, and lines cut to its width. */
import { stripVTControlCharacters } from 'node:util';
import { visible } from '../../../domain/words/outside-text.ts';

/** One line without control characters: what came from outside must not move the cursor. */
export function oneLine(text: string): string {
  // The escape sequences first, as a whole; then whatever single control characters are left.
  return visible(
    stripVTControlCharacters(text)
      .replaceAll(/\s*[\p{Cc}\s]+/gu, ' ')
      .trim(),
  );
}

const ESCAPE = '\u001B';

/** The codes of `colours.ts`, and none that hide, move or write elsewhere. */
const COLOURS = new RegExp(`(${ESCAPE}\\[(?:0|1|2|22|3[0-7]|39|9[0-7])m)`);

/** Text as it may go to a terminal: whatever else than our own colours would act there is shown escaped. */
export function printable(text: string, { colours }: { colours: boolean }): string {
  if (!colours) return visible(text);
  return text
    .split(COLOURS)
    .map((part, index) => (index % 2 === 1 ? part : visible(part)))
    .join('');
}

export function truncate(text: string, width: number): string {
  if (text.length <= width) return text;
  return width < 1 ? '' : `${text.slice(0, width - 1).trimEnd()}…`;
}

/** Columns that a line takes; its colours take none. */
export function visibleLength(line: string): number {
  return line.includes(ESCAPE) ? stripVTControlCharacters(line).length : line.length;
}

const RESET = `${ESCAPE}[0m`;
const PIECE = new RegExp(`(${ESCAPE}\\[[0-9;]*m)|([^${ESCAPE}]+)`, 'g');

/** Cuts a line, which may hold colours, to a width. */
export function cut(line: string, width: number): string {
  if (visibleLength(line) <= width) return line;
  let room = width - 1;
  let out = '';
  for (const [piece, colour, text] of line.matchAll(PIECE)) {
    if (colour !== undefined) {
      out += piece;
      continue;
    }
    if (text === undefined) continue;
    out += text.slice(0, room);
    room -= text.length;
    if (room <= 0) break;
  }
  return width < 1 ? '' : `${out}…${line.includes(ESCAPE) ? RESET : ''}`;
}
