/** JSON as Python reads it: 1.0 is no integer, long integers keep their digits, keys stay in the order they stand in. */
import { Float } from './jinja/values.ts';

/** What JSON.parse reads as something else. Also found inside of texts, which costs time and changes nothing. */
const NEEDS_CARE = /\d[.eE]|\d{16}|"\d+"\s*:/;

/**
 * The same values as JSON.parse, but numbers with a fraction or an exponent are `Float`, integers beyond what a number
 * holds are bigints, and objects with keys that look like integers, which JavaScript would put first, are Maps.
 * Throws a SyntaxError.
 */
export function parseExactly(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return NEEDS_CARE.test(text) ? new Reader(text).value() : value;
}

const TOKEN = /\s*(?:([{}[\],:]|true|false|null)|("(?:[^"\\]|\\.)*")|(-?[\d.eE+-]+))/y;
const INDEX = /^(?:0|[1-9]\d*)$/;

interface Token {
  readonly mark: string | undefined;
  readonly string: string | undefined;
  readonly number: string | undefined;
}

/** Of a text that JSON.parse has found right. */
class Reader {
  readonly #text: string;
  #position = 0;
  constructor(text: string) {
    this.#text = text;
  }

  #next(): Token {
    TOKEN.lastIndex = this.#position;
    const [, mark, string, number] = TOKEN.exec(this.#text) ?? [];
    this.#position = TOKEN.lastIndex;
    return { mark, string, number };
  }

  value(): unknown {
    return this.#valueOf(this.#next());
  }

  #valueOf({ mark, string, number }: Token): unknown {
    if (string !== undefined) return JSON.parse(string);
    if (number !== undefined) return numberOf(number);
    if (mark === '{') return this.#object();
    if (mark === '[') return this.#array();
    return mark === 'null' ? null : mark === 'true';
  }

  #array(): unknown[] {
    const items: unknown[] = [];
    for (;;) {
      const token = this.#next();
      if (token.mark === ']') return items;
      if (token.mark !== ',') items.push(this.#valueOf(token));
    }
  }

  #object(): unknown {
    const entries = new Map<string, unknown>();
    for (;;) {
      const { mark, string } = this.#next();
      if (mark === '}') break;
      if (string === undefined) continue;
      const key = JSON.parse(string) as string;
      this.#next();
      entries.set(key, this.value());
    }
    return [...entries.keys()].some((key) => INDEX.test(key)) ? entries : Object.fromEntries(entries);
  }
}

function numberOf(text: string): unknown {
  if (/[.eE]/.test(text)) return new Float(Number(text));
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}
