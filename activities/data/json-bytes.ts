/**
 * A walk through the bytes of a JSON text, for what is too large to be made objects of: half a million merges come one at
 * a time. Whatever is no JSON where the walk comes by is a SyntaxError; what is passed over is not looked at.
 */
const code = (character: string): number => character.charCodeAt(0);
const QUOTE = code('"');
const BACKSLASH = code('\\');
const COLON = code(':');
const COMMA = code(',');
/** By byte: a look into a table, as there are millions. */
const [OPENING, CLOSING, ENDS, BLANKS] = [marked('{['), marked('}]'), marked(',}]'), marked(' \t\n\r')];

function marked(characters: string): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => Number(characters.includes(String.fromCharCode(byte))));
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

export class JsonBytes {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** The character that the next value begins with. */
  peek(): string {
    this.#blanks();
    return String.fromCharCode(this.#bytes[this.#at] ?? 0);
  }

  /** Keys of the object that is next. Whoever takes one reads or skips its value before the next. */
  *keys(): Generator<string> {
    for (const _ of this.#items('{', '}')) {
      const key = this.text();
      this.#expect(COLON);
      yield key;
    }
  }

  /** Once for each element of the array that is next, which is then read or skipped. */
  *elements(): Generator<void> {
    yield* this.#items('[', ']');
  }

  text(): string {
    this.#expect(QUOTE);
    const start = this.#at;
    this.#toQuote();
    const raw = this.#bytes.toString('utf8', start, this.#at - 1);
    return raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
  }

  integer(): number {
    const { start, end } = this.skip();
    const value = Number(this.#bytes.toString('latin1', start, end));
    if (!Number.isSafeInteger(value)) throw this.#wrong();
    return value;
  }

  /** Where the next value stands. */
  skip(): Span {
    this.#blanks();
    const start = this.#at;
    let depth = 0;
    do {
      const byte = this.#bytes[this.#at] ?? 0;
      if (this.#at >= this.#bytes.length || (depth === 0 && ENDS[byte] === 1)) throw this.#wrong();
      this.#at += 1;
      if (byte === QUOTE) this.#toQuote();
      else if (OPENING[byte] === 1) depth += 1;
      else if (CLOSING[byte] === 1) depth -= 1;
      else if (depth === 0) this.#toEnd();
    } while (depth > 0);
    return { start, end: this.#at };
  }

  *#items(open: string, close: string): Generator<void> {
    this.#expect(code(open));
    for (let first = true; this.peek() !== close; first = false) {
      if (!first) this.#expect(COMMA);
      yield;
    }
    this.#at += 1;
  }

  /** Behind the quote that ends a text. */
  #toQuote(): void {
    for (let byte = this.#bytes[this.#at]; byte !== QUOTE; byte = this.#bytes[this.#at]) {
      if (byte === undefined) throw this.#wrong();
      this.#at += byte === BACKSLASH ? 2 : 1;
    }
    this.#at += 1;
  }

  /** To the end of a number or a name. */
  #toEnd(): void {
    for (let byte = this.#bytes[this.#at]; byte !== undefined; byte = this.#bytes[this.#at]) {
      if (ENDS[byte] === 1 || BLANKS[byte] === 1) return;
      this.#at += 1;
    }
  }

  #blanks(): void {
    while (BLANKS[this.#bytes[this.#at] ?? 0] === 1) this.#at += 1;
  }

  #expect(byte: number): void {
    this.#blanks();
    if (this.#bytes[this.#at] !== byte) throw this.#wrong();
    this.#at += 1;
  }

  #wrong(): SyntaxError {
    return new SyntaxError(`not JSON at byte ${this.#at}`);
  }
}
