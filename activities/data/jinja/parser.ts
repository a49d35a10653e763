/** A template's statements. Those that would need other templates are refused by name. */
import { tokenize } from './lexer.ts';
import type { CallBlock, For, If, Macro, Signature, Statement } from './nodes.ts';
import { ExpressionParser } from './parse-expression.ts';
import { TokenStream } from './token-stream.ts';

export function parseTemplate(source: string): Statement[] {
  const stream = new TokenStream(tokenize(source));
  return new Parser(stream).body([]);
}

const ELSEWHERE = ['block', 'extends', 'include', 'import', 'from', 'autoescape', 'print', 'trans', 'do', 'debug'];

class Parser {
  readonly #stream: TokenStream;
  readonly #expressions: ExpressionParser;
  /** Loops around the statement, within the same macro or block. */
  #loops = 0;

  constructor(stream: TokenStream) {
    this.#stream = stream;
    this.#expressions = new ExpressionParser(stream);
  }

  readonly #statements: Readonly<Record<string, (line: number) => Statement>> = {
    for: (line) => this.#for(line),
    if: (line) => this.#if(line),
    set: (line) => this.#set(line),
    macro: (line) => this.#macro(line),
    call: (line) => this.#callBlock(line),
    generation: (line) => this.#generation(line),
    filter: (line) => this.#filterBlock(line),
    with: (line) => this.#with(line),
    break: (line) => this.#leave('break', line),
    continue: (line) => this.#leave('continue', line),
  };

  /** Statements up to one of the end tags, whose name is left to be read. */
  body(ends: readonly string[]): Statement[] {
    const body: Statement[] = [];
    for (;;) {
      const { type, value, line } = this.#stream.next();
      if (type === 'data') body.push({ kind: 'text', text: value });
      else if (type === 'variable_begin') {
        body.push({ kind: 'print', value: this.#expressions.tuple(), line });
        this.#stream.expect('variable_end');
      } else if (type === 'block_begin') {
        if (this.#stream.isName(...ends)) return body;
        body.push(this.#statement());
        this.#stream.expect('block_end');
      } else if (type === 'eof' && ends.length === 0) return body;
      else this.#stream.fail(`the template ends before '${ends.join("' or '")}'`, line);
    }
  }

  #statement(): Statement {
    const { type, value, line } = this.#stream.next();
    if (type !== 'name') this.#stream.fail('tag name expected', line);
    const parse = Object.hasOwn(this.#statements, value) ? this.#statements[value] : undefined;
    if (parse !== undefined) return parse(line);
    const known = ELSEWHERE.includes(value) ? `the tag '${value}' is not known here` : `unknown tag '${value}'`;
    return this.#stream.fail(known, line);
  }

  /** From the end of a tag to one of the end tags, whose name is returned. */
  #block(...ends: readonly string[]): { body: Statement[]; end: string } {
    this.#stream.skip(':');
    this.#stream.expect('block_end');
    return { body: this.body(ends), end: this.#stream.next().value };
  }

  #for(line: number): For {
    const target = this.#expressions.target({ end: 'in' });
    this.#stream.expectName('in');
    const iterable = this.#expressions.tuple({ conditional: false, end: 'recursive' });
    const test = this.#stream.skipName('if') ? this.#expressions.expression() : undefined;
    const recursive = this.#stream.skipName('recursive');
    this.#loops += 1;
    const { body, end } = this.#block('endfor', 'else');
    this.#loops -= 1;
    const otherwise = end === 'else' ? this.#block('endfor').body : [];
    return { kind: 'for', target, iterable, test, recursive, body, otherwise, line };
  }

  #if(line: number): If {
    const branches: If['branches'][number][] = [];
    for (let at = line; ; at = this.#stream.current.line) {
      const test = this.#expressions.tuple({ conditional: false });
      const { body, end } = this.#block('elif', 'else', 'endif');
      branches.push({ test, body, line: at });
      if (end === 'elif') continue;
      return { kind: 'if', branches, otherwise: end === 'else' ? this.#block('endif').body : [] };
    }
  }

  #set(line: number): Statement {
    const target = this.#expressions.target({ namespace: true });
    if (this.#stream.skip('=')) return { kind: 'set', target, value: this.#expressions.tuple(), line };
    const filter = this.#expressions.filter(undefined);
    return { kind: 'setBlock', target, filter, body: this.#block('endset').body, line };
  }

  #macro(line: number): Macro {
    const { value: name } = this.#stream.expect('name');
    const signature = this.#signature();
    return { kind: 'macro', name, signature, body: this.#ownBody('endmacro'), line };
  }

  #callBlock(line: number): CallBlock {
    const signature = this.#stream.is('(') ? this.#signature() : { parameters: [], defaults: [] };
    const call = this.#expressions.expression();
    if (call.kind !== 'call') this.#stream.fail('expected call', line);
    return { kind: 'callBlock', call, signature, body: this.#ownBody('endcall'), line };
  }

  #generation(line: number): CallBlock {
    const signature = { parameters: [], defaults: [] };
    return { kind: 'callBlock', call: undefined, signature, body: this.#ownBody('endgeneration'), line };
  }

  /** A body that is a function of its own: a loop around it cannot be left from inside. */
  #ownBody(end: string): Statement[] {
    const loops = this.#loops;
    this.#loops = 0;
    const { body } = this.#block(end);
    this.#loops = loops;
    return body;
  }

  #signature(): Signature {
    const parameters: string[] = [];
    const defaults: ReturnType<ExpressionParser['expression']>[] = [];
    this.#stream.expect('(');
    while (!this.#stream.is(')')) {
      if (parameters.length > 0) this.#stream.expect(',');
      parameters.push(this.#stream.expect('name').value);
      if (this.#stream.skip('=')) defaults.push(this.#expressions.expression());
      else if (defaults.length > 0) this.#stream.fail('non-default argument follows default argument');
    }
    this.#stream.expect(')');
    return { parameters, defaults };
  }

  #filterBlock(line: number): Statement {
    const filter = this.#expressions.filter(undefined, true);
    if (filter === undefined) this.#stream.unexpected();
    return { kind: 'filterBlock', filter, body: this.#block('endfilter').body, line };
  }

  #with(line: number): Statement {
    const targets: ReturnType<ExpressionParser['target']>[] = [];
    const values: ReturnType<ExpressionParser['expression']>[] = [];
    while (!this.#stream.is('block_end')) {
      if (targets.length > 0) this.#stream.expect(',');
      targets.push(this.#expressions.target());
      this.#stream.expect('=');
      values.push(this.#expressions.expression());
    }
    return { kind: 'with', targets, values, body: this.#block('endwith').body, line };
  }

  #leave(kind: 'break' | 'continue', line: number): Statement {
    if (this.#loops === 0) this.#stream.fail(`'${kind}' outside loop`, line);
    return { kind, line };
  }
}
