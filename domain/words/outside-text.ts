/**
 * The one door for text from outside: what a platform, an endpoint, a file or users' code says, before it becomes part of
 * an error, a log, a history or the store. Secrets go first, then line breaks, then what is too long. Pure.
 */
import type { Redact } from './secrets.ts';

/** Enough for a sentence of a platform with its ids. */
const LONGEST = 500;

/** One line without secrets; where it was longer than `limit` characters it says how long. */
export function fromOutside(text: string, redact: Redact, limit: number = LONGEST): string {
  return cutText(flat(redact(text)), limit);
}

/** White space of any kind as single spaces. */
function flat(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Its beginning, and its length where that is not all: `… (5,000 characters)`. */
export function cutText(text: string, limit: number = LONGEST): string {
  if (text.length <= limit) return text;
  const begin = text.slice(0, limit);
  // Half of a surrogate pair is no character.
  const whole = /[\uD800-\uDBFF]$/.test(begin) ? begin.slice(0, -1) : begin;
  return `${whole}… (${grouped(text.length)} characters)`;
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/**
 * What moves a cursor, sets a title, hides or turns text around: control characters, marks and overrides of direction,
 * invisible separators and tags, halves of surrogate pairs. Tab and line feed are text.
 */
const HIDDEN = /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** Joins and variants that scripts and emoji are written with. */
const WRITTEN = new Set(['\u200C', '\u200D', '\u00AD']);

/** For a terminal: what would not be seen is shown escaped, `\u001b`, and does nothing. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (hidden) => (WRITTEN.has(hidden) ? hidden : escaped(hidden)));
}

/** JSON with the same characters escaped as JSON has it: it is read back as it was. */
export function visibleJson(json: string): string {
  return json.replace(HIDDEN, (hidden) =>
    hidden
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
