/** Tokens one after the other, with what a parser asks of them. */
import { TemplateSyntaxFault, type Token } from './lexer.ts';

export class TokenStream {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get current(): Token {
    return this.#tokens[Math.min(this.#position, this.#tokens.length - 1)] ?? { type: 'eof', value: '', line: 0 };
  }

  get ahead(): Token {
    return this.#tokens[this.#position + 1] ?? { type: 'eof', value: '', line: this.current.line };
  }

  next(): Token {
    const token = this.current;
    this.#position += 1;
    return token;
  }

  is(type: string): boolean {
    return this.current.type === type;
  }

  isName(...names: readonly string[]): boolean {
    return this.current.type === 'name' && names.includes(this.current.value);
  }

  /** Goes on past the token if it is of that type. */
  skip(type: string): boolean {
    const found = this.is(type);
    if (found) this.#position += 1;
    return found;
  }

  skipName(name: string): boolean {
    const found = this.isName(name);
    if (found) this.#position += 1;
    return found;
  }

  expect(type: string): Token {
    if (!this.is(type)) this.fail(`expected ${spoken(type)}, got ${spoken(this.current.type, this.current.value)}`);
    return this.next();
  }

  expectName(name: string): Token {
    if (!this.isName(name)) this.fail(`expected '${name}', got ${spoken(this.current.type, this.current.value)}`);
    return this.next();
  }

  unexpected(): never {
    return this.fail(`unexpected ${spoken(this.current.type, this.current.value)}`);
  }

  fail(message: string, line = this.current.line): never {
    throw new TemplateSyntaxFault(message, line);
  }
}

function spoken(type: string, value = ''): string {
  if (type === 'eof') return 'the end of the template';
  return type === 'name' && value !== '' ? `'${value}'` : `'${type.replace('_', ' of ')}'`;
}
