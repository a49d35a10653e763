/** What Python takes for white space and for the end of a line. */
import { points } from './points.ts';

/** str.isspace; unlike JavaScript's it has the separators U+001C to U+001F and U+0085, and not U+FEFF. */
export const SPACE = '\\t\\n\\v\\f\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const LEADING = new RegExp(`^[${SPACE}]+`, 'u');
const IS_SPACE = new RegExp(`[${SPACE}]`, 'u');
export const ONLY_SPACE = new RegExp(`^[${SPACE}]+$`, 'u');

/** str.strip, lstrip and rstrip: white space, or any of the characters given. */
export function strip(text: string, chars: string | undefined, side: 'both' | 'left' | 'right' = 'both'): string {
  const left = side === 'right' ? text : stripLeft(text, chars);
  return side === 'left' ? left : stripRight(left, chars);
}

function stripLeft(text: string, chars: string | undefined): string {
  if (chars === undefined) return text.replace(LEADING, '');
  const unwanted = new Set(points(chars));
  let start = 0;
  for (const char of points(text)) {
    if (!unwanted.has(char)) break;
    start += char.length;
  }
  return text.slice(start);
}

/** From the end on, so that a long text with white space inside costs no more than its end. */
function stripRight(text: string, chars: string | undefined): string {
  const unwanted = chars === undefined ? undefined : new Set(points(chars));
  let end = text.length;
  while (end > 0) {
    const last = lastPoint(text, end);
    if (unwanted === undefined ? !IS_SPACE.test(last) : !unwanted.has(last)) break;
    end -= last.length;
  }
  return text.slice(0, end);
}

function lastPoint(text: string, end: number): string {
  const last = text.charAt(end - 1);
  if (last < '\udc00' || last > '\udfff' || end < 2) return last;
  const pair = text.slice(end - 2, end);
  return Array.from(pair).length === 1 ? pair : last;
}

/** str.splitlines ends lines at more than line breaks. */
const LINE_ENDS = '\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029';
const LINE_END = new RegExp(`\\r\\n|[${LINE_ENDS}]`, 'g');

/** str.splitlines. */
export function splitLines(text: string, keepEnds = false): string[] {
  const lines: string[] = [];
  let start = 0;
  for (const { index, 0: end } of text.matchAll(LINE_END)) {
    lines.push(text.slice(start, keepEnds ? index + end.length : index));
    start = index + end.length;
  }
  if (start < text.length) lines.push(text.slice(start));
  return lines;
}

const WORDS = new RegExp(`[^${SPACE}]+`, 'gu');

/** str.split without a separator: at runs of white space, at most `max` times (-1: at all). */
export function splitWords(text: string, max: number): string[] {
  const words: string[] = [];
  for (const { index, 0: word } of text.matchAll(WORDS)) {
    if (words.length === max) return [...words, strip(text.slice(index), undefined, 'left')];
    words.push(word);
  }
  return words;
}

/** The same from the right. */
export function splitWordsFromRight(text: string, max: number): string[] {
  const found = [...text.matchAll(WORDS)];
  if (max < 0 || found.length <= max) return found.map(([word]) => word);
  const kept = found.slice(found.length - max);
  const end = kept[0]?.index ?? text.length;
  return [strip(text.slice(0, end), undefined, 'right'), ...kept.map(([word]) => word)];
}
