/** What stands in a text, as far as numbers are concerned. */
import { GROUPING_SPACES } from './notation.ts';
import { rational, type Rational } from './rational.ts';

export interface Token {
  /** `unknown`: a command or sign without a value; `gap`: what separates one thing from the next. */
  readonly kind:
    'number' | 'operator' | 'word' | 'fraction' | 'unknown' | 'open' | 'close' | 'brace' | 'unbrace' | 'gap';
  readonly text: string;
  /** Space stands before it. */
  readonly spaced: boolean;
  /** Of a number; undefined where it cannot be read. */
  readonly value?: Rational | undefined;
  /** A number without decimals and exponent. */
  readonly whole?: boolean;
}

/** How numbers are written somewhere. */
export interface Separators {
  readonly decimal: string;
  /** Between groups of digits; empty: none. */
  readonly group: string;
  /** Digits of the last group, and of those before it. */
  readonly groups: readonly [last: number, others: number];
}

/** From a BCP 47 tag, e.g. `en`, `de-CH`, `hi`; undefined where it is none. */
export function separatorsOf(locale: string): Separators | undefined {
  try {
    const parts = new Intl.NumberFormat(locale, { useGrouping: true, numberingSystem: 'latn' }).formatToParts(
      123456789.5,
    );
    const lengths = parts.filter(({ type }) => type === 'integer').map(({ value }) => value.length);
    const [last = 3, others = last] = lengths.reverse();
    const of = (type: string): string => parts.find((part) => part.type === type)?.value ?? '';
    return { decimal: of('decimal'), group: of('group').replace('\u2019', "'"), groups: [last, others] };
  } catch {
    return undefined;
  }
}

const BRACKETS: ReadonlyMap<string, Token['kind']> = new Map<string, Token['kind']>([
  ['(', 'open'],
  [')', 'close'],
  ['{', 'brace'],
  ['}', 'unbrace'],
]);

/** Takes what `plainNotation` made. */
export function tokenizer({ decimal, group, groups: [last, others] }: Separators): (text: string) => readonly Token[] {
  const point = `(?:${quoted(decimal)}|\u066b)`;
  const comma = group.trim() === '' ? `[${GROUPING_SPACES}\u066c]` : `[${quoted(group)}${GROUPING_SPACES}\u066c]`;
  const marks = group.trim() === '' ? point : `(?:${point}|${quoted(group)})`;
  const exponent = String.raw`(?:[eE]([-+]?\d{1,9})(?![\p{L}\d]))?`;
  // Digits in groups, then digits with separators of any kind: what the first does not take whole the second cannot read.
  const grouped = String.raw`(\d{1,${others}}(?:${comma}\d{${others}})*${comma}\d{${last}})(?!\d)(?:${point}(\d+))?(?!\d|${marks}\d)`;
  const plain = String.raw`(\d*)(?:${point}(\d+))?(?!\d|${marks}\d)`;
  const number = new RegExp(`${grouped}${exponent}|(?=\\d|${point}\\d)${plain}${exponent}`, 'uy');
  const malformed = new RegExp(`\\d(?:${marks}?\\d)*|${point}\\d(?:${marks}?\\d)*`, 'uy');
  const rest =
    /\\frac(?![A-Za-z])|\\[A-Za-z]+|(?<=\d)[xX](?=\d)|\p{L}[\p{L}\p{M}\d_]*|\*\*|[-+*/^%]|[(){}]|[√π∞±!]|[^]/uy;

  return (text) => {
    const tokens: Token[] = [];
    let at = 0;
    let spaced = true;
    const take = (pattern: RegExp): RegExpExecArray | null => {
      pattern.lastIndex = at;
      return pattern.exec(text);
    };
    while (at < text.length) {
      const found = take(number);
      const digits = found?.[0] ?? take(malformed)?.[0];
      const piece = digits ?? take(rest)?.[0] ?? text.charAt(at);
      at += piece.length;
      const blank = /^[^\S\n]$/u.test(piece);
      if (!blank)
        tokens.push({ text: piece, spaced, ...(digits === undefined ? { kind: kindOf(piece) } : numberOf(found)) });
      spaced = blank;
    }
    return tokens;
  };
}

function numberOf(found: RegExpExecArray | null): Pick<Token, 'kind' | 'value' | 'whole'> {
  if (found === null) return { kind: 'number', value: undefined };
  const [, groups, groupedFraction, groupedExponent, plain = '', plainFraction, plainExponent] = found;
  const integer = groups === undefined ? plain : groups.replaceAll(/\D/g, '');
  const fraction = groupedFraction ?? plainFraction;
  const exponent = groupedExponent ?? plainExponent;
  const value = rational(`${integer}.${fraction ?? ''}`, Number(exponent ?? 0));
  return { kind: 'number', value, whole: fraction === undefined && exponent === undefined };
}

function kindOf(piece: string): Token['kind'] {
  if (piece === '\\frac') return 'fraction';
  if (piece.startsWith('\\') || /^[√π∞±]$/u.test(piece)) return 'unknown';
  if (/^(?:\*\*|[-+*/^%])$/.test(piece)) return 'operator';
  return BRACKETS.get(piece) ?? (/^\p{L}/u.test(piece) ? 'word' : 'gap');
}

function quoted(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\\-']/g, (sign) => (sign === "'" ? sign : `\\${sign}`));
}

/** An operator of this text: a word may be spelt like one. */
export function isOperator(token: Token | undefined, text: string): boolean {
  return token?.kind === 'operator' && token.text === text;
}
