/** A template's text as tokens, by the rules of Jinja2 with trim_blocks and lstrip_blocks. */
import { ONLY_SPACE, SPACE, strip } from './strip.ts';
import { unescapeLiteral } from './literal.ts';

/** What is not a template, with the line it is found on. */
export class TemplateSyntaxFault extends Error {
  override readonly name = 'TemplateSyntaxFault';
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

export interface Token {
  /** `data`, `name`, `string`, `integer`, `float`, `eof`, an operator, or the mark of a tag such as `block_end`. */
  readonly type: string;
  readonly value: string;
  readonly line: number;
}

const BEGIN = /\{(?:%|\{|#)[-+]?/g;
const RAW_BEGIN = new RegExp(`\\{%[-+]?[${SPACE}]*raw[${SPACE}]*(?:-%\\}[${SPACE}]*|%\\})`, 'yu');
const RAW_END = new RegExp(`\\{%([-+]?)[${SPACE}]*endraw[${SPACE}]*(?:\\+%\\}|-%\\}[${SPACE}]*|%\\}\\n?)`, 'gu');
const COMMENT_END = new RegExp(`\\+#\\}|-#\\}[${SPACE}]*|#\\}\\n?`, 'gu');
const BLOCK_END = new RegExp(`\\+%\\}|-%\\}[${SPACE}]*|%\\}\\n?`, 'yu');
const VARIABLE_END = new RegExp(`-\\}\\}[${SPACE}]*|\\}\\}`, 'yu');

const INSIDE: readonly (readonly [type: string, pattern: RegExp])[] = [
  ['space', new RegExp(`[${SPACE}]+`, 'yu')],
  ['float', /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy],
  ['integer', /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy],
  ['name', /[\p{ID_Continue}_]+/uy],
  ['string', /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y],
  ['operator', /==|!=|>=|<=|\/\/|\*\*|[-+*/%~[\](){}<>=.:|,;]/y],
];

const CLOSING: Readonly<Record<string, string>> = { '{': '}', '(': ')', '[': ']' };

export function tokenize(template: string): Token[] {
  return new Lexer(template).tokens();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #position = 0;
  #line = 1;
  /** The piece before ended with a line break, which a tag swallowed perhaps. */
  #lineStarting = true;

  constructor(template: string) {
    this.#source = template.replaceAll(/\r\n?/g, '\n').replace(/\n$/, '');
  }

  tokens(): Token[] {
    while (this.#position < this.#source.length) this.#root();
    this.#emit('eof', '');
    return this.#tokens;
  }

  #root(): void {
    BEGIN.lastIndex = this.#position;
    const begin = BEGIN.exec(this.#source);
    const text = this.#source.slice(this.#position, begin?.index);
    if (begin === null) {
      this.#data(text, text);
      return;
    }
    const [mark] = begin;
    const strips = mark.startsWith('{{') ? mark.endsWith('-') : true;
    this.#data(text, strips ? this.#stripped(text, mark.slice(2)) : text);
    const raw = this.#match(RAW_BEGIN);
    if (raw !== undefined) {
      this.#advance(raw);
      this.#rawBlock();
      return;
    }
    this.#advance(mark);
    if (mark.startsWith('{#')) this.#comment();
    else this.#tag(mark.startsWith('{%') ? 'block' : 'variable');
  }

  /** What stands before a tag: without white space for `-`, without the blanks of its own line unless `+`. */
  #stripped(text: string, sign: string): string {
    if (sign === '-') return strip(text, undefined, 'right');
    if (sign === '+') return text;
    const lineStart = text.lastIndexOf('\n') + 1;
    if (lineStart === 0 && !this.#lineStarting) return text;
    return ONLY_SPACE.test(text.slice(lineStart)) ? text.slice(0, lineStart) : text;
  }

  #data(text: string, kept: string): void {
    if (kept !== '') this.#emit('data', kept);
    this.#advance(text);
  }

  #comment(): void {
    COMMENT_END.lastIndex = this.#position;
    const end = COMMENT_END.exec(this.#source);
    if (end === null) this.#fail('Missing end of comment tag');
    this.#advance(this.#source.slice(this.#position, end.index + end[0].length));
  }

  #rawBlock(): void {
    RAW_END.lastIndex = this.#position;
    const end = RAW_END.exec(this.#source);
    if (end === null) this.#fail('Missing end of raw directive');
    const text = this.#source.slice(this.#position, end.index);
    this.#data(text, this.#stripped(text, end[1] ?? ''));
    this.#advance(end[0]);
  }

  #tag(kind: 'block' | 'variable'): void {
    this.#emit(`${kind}_begin`, '');
    const open: string[] = [];
    for (;;) {
      const end = open.length === 0 ? this.#match(kind === 'block' ? BLOCK_END : VARIABLE_END) : undefined;
      if (end !== undefined) {
        this.#emit(`${kind}_end`, end);
        this.#advance(end);
        return;
      }
      if (this.#position >= this.#source.length) {
        this.#emit('eof', '');
        return;
      }
      this.#inside(open);
    }
  }

  #inside(open: string[]): void {
    for (const [type, pattern] of INSIDE) {
      const text = this.#match(pattern);
      if (text === undefined) continue;
      if (type === 'operator') this.#balance(open, text);
      if (type !== 'space') this.#emit(type === 'operator' ? text : type, this.#valueOf(type, text));
      this.#advance(text);
      return;
    }
    this.#fail(`unexpected char ${JSON.stringify(this.#source.charAt(this.#position))}`);
  }

  #balance(open: string[], text: string): void {
    const closing = CLOSING[text];
    if (closing !== undefined) open.push(closing);
    else if ('})]'.includes(text)) {
      const expected = open.pop();
      if (expected === undefined) this.#fail(`unexpected '${text}'`);
      if (expected !== text) this.#fail(`unexpected '${text}', expected '${expected}'`);
    }
  }

  #valueOf(type: string, text: string): string {
    if (type === 'name' && !/^[\p{ID_Start}_]/u.test(text)) this.#fail('Invalid character in identifier');
    if (type !== 'string') return text;
    const unescaped = unescapeLiteral(text.slice(1, -1));
    if (unescaped === undefined) this.#fail(`a text with an escape that is not known here: ${text.slice(0, 40)}`);
    return unescaped;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position;
    return pattern.exec(this.#source)?.[0];
  }

  #advance(text: string): void {
    this.#position += text.length;
    if (text !== '') this.#lineStarting = text.endsWith('\n');
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#line += 1;
  }

  #emit(type: string, value: string): void {
    this.#tokens.push({ type, value, line: this.#line });
  }

  #fail(message: string): never {
    throw new TemplateSyntaxFault(message, this.#line);
  }
}
