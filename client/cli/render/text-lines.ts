/** Texts of a model as lines of a screen: line ends and blanks that would not be seen are shown, what is long is shortened. */
import { count } from './format.ts';

/** Enough to see how a text begins and ends. */
const HEAD = 700;
const TAIL = 400;

/** `room`: columns of a line. `full`: from end to end. */
export function textLines(text: string, { room, full }: { room: number; full: boolean }): string[] {
  const left = text.length - HEAD - TAIL;
  if (full || left < TAIL) return lines(text, room);
  return [
    ...lines(text.slice(0, HEAD), room),
    `… ${count(left)} more characters: --full …`,
    ...lines(text.slice(-TAIL), room),
  ];
}

function lines(text: string, room: number): string[] {
  const all = text.split('\n');
  const marked = all.map((line, index) => (index < all.length - 1 ? `${line}↵` : line));
  // A text that ends in a line break has no line after it.
  if (marked.length > 1 && marked.at(-1) === '') marked.pop();
  return marked.flatMap((line) => wrapped(blanks(line), room));
}

/** Blanks at the end of a line are seen only if something stands for them. */
function blanks(line: string): string {
  return line.replace(/ +(?=↵?$)/, (found) => '·'.repeat(found.length));
}

function wrapped(line: string, room: number): string[] {
  const letters = Array.from(line);
  if (letters.length <= room) return [line];
  return Array.from({ length: Math.ceil(letters.length / room) }, (_, part) =>
    letters.slice(part * room, (part + 1) * room).join(''),
  );
}
