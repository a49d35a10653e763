/** Expressions, by Jinja2's own grammar and order of precedence. */
import type { Arguments, BinarySign, CompareSign, Expression, Target } from './nodes.ts';
import { integer } from './numbers.ts';
import type { TokenStream } from './token-stream.ts';
import { Float } from './values.ts';

const NOTHING: Arguments = { args: [], kwargs: [] };

export class ExpressionParser {
  readonly stream: TokenStream;
  constructor(stream: TokenStream) {
    this.stream = stream;
  }

  /** One expression, or several with commas between: a tuple. */
  tuple(options: { conditional?: boolean; parentheses?: boolean; end?: string } = {}): Expression {
    const one = (): Expression => (options.conditional === false ? this.#or() : this.expression());
    const items: Expression[] = [];
    let isTuple = false;
    for (;;) {
      if (items.length > 0) this.stream.expect(',');
      if (this.#atTupleEnd(options.end)) break;
      items.push(one());
      if (!this.stream.is(',')) break;
      isTuple = true;
    }
    const [only] = items;
    if (!isTuple && only !== undefined) return only;
    if (!isTuple && options.parentheses !== true) this.stream.unexpected();
    return { kind: 'tuple', items };
  }

  #atTupleEnd(end: string | undefined): boolean {
    const { type } = this.stream.current;
    if (type === 'variable_end' || type === 'block_end' || type === ')') return true;
    return end !== undefined && this.stream.isName(end);
  }

  expression(): Expression {
    let value = this.#or();
    while (this.stream.skipName('if')) {
      const test = this.#or();
      const otherwise = this.stream.skipName('else') ? this.expression() : undefined;
      value = { kind: 'conditional', test, value, otherwise };
    }
    return value;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.stream.skipName('or')) left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.stream.skipName('and')) left = { kind: 'and', left, right: this.#not() };
    return left;
  }

  #not(): Expression {
    return this.stream.skipName('not') ? { kind: 'not', value: this.#not() } : this.#compare();
  }

  #compare(): Expression {
    const first = this.#sum();
    const rest: [CompareSign, Expression][] = [];
    for (let sign = this.#compareSign(); sign !== undefined; sign = this.#compareSign()) {
      rest.push([sign, this.#sum()]);
    }
    return rest.length === 0 ? first : { kind: 'compare', first, rest };
  }

  #compareSign(): CompareSign | undefined {
    const { type } = this.stream.current;
    if (isCompareSign(type)) {
      this.stream.next();
      return type;
    }
    if (this.stream.skipName('in')) return 'in';
    if (!this.stream.isName('not') || this.stream.ahead.type !== 'name' || this.stream.ahead.value !== 'in') {
      return undefined;
    }
    this.stream.next();
    this.stream.next();
    return 'not in';
  }

  #sum(): Expression {
    return this.#binary(['+', '-'], () => this.#concat());
  }

  #concat(): Expression {
    const first = this.#product();
    const items = [first];
    while (this.stream.skip('~')) items.push(this.#product());
    return items.length === 1 ? first : { kind: 'concat', items };
  }

  #product(): Expression {
    return this.#binary(['*', '/', '//', '%'], () => this.#power());
  }

  #power(): Expression {
    return this.#binary(['**'], () => this.#unary(true));
  }

  #binary(signs: readonly BinarySign[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const sign = signs.find((own) => this.stream.is(own));
      if (sign === undefined) return left;
      this.stream.next();
      left = { kind: 'binary', sign, left, right: operand() };
    }
  }

  #unary(withFilter: boolean): Expression {
    const negative = this.stream.is('-');
    let value: Expression;
    if (negative || this.stream.is('+')) {
      this.stream.next();
      value = { kind: negative ? 'negative' : 'positive', value: this.#unary(false) };
    } else value = this.#primary();
    value = this.#postfix(value);
    return withFilter ? this.#filters(value) : value;
  }

  #primary(): Expression {
    const { type, value } = this.stream.current;
    if (type === 'name') return this.#name();
    if (type === 'string') return this.#text();
    if (type === 'integer' || type === 'float') {
      this.stream.next();
      return { kind: 'constant', value: type === 'integer' ? integerLiteral(value) : floatLiteral(value) };
    }
    if (type === '(') {
      this.stream.next();
      const tuple = this.tuple({ parentheses: true });
      this.stream.expect(')');
      return tuple;
    }
    if (type === '[') return this.#list();
    return type === '{' ? this.#dict() : this.stream.unexpected();
  }

  #name(): Expression {
    const { value: name } = this.stream.next();
    if (name === 'true' || name === 'True') return { kind: 'constant', value: true };
    if (name === 'false' || name === 'False') return { kind: 'constant', value: false };
    return name === 'none' || name === 'None' ? { kind: 'constant', value: null } : { kind: 'name', name };
  }

  #text(): Expression {
    let value = '';
    while (this.stream.is('string')) value += this.stream.next().value;
    return { kind: 'constant', value };
  }

  #list(): Expression {
    this.stream.expect('[');
    const items = this.#separated(']', () => this.expression());
    return { kind: 'list', items };
  }

  #dict(): Expression {
    this.stream.expect('{');
    const pairs = this.#separated('}', (): [Expression, Expression] => {
      const key = this.expression();
      this.stream.expect(':');
      return [key, this.expression()];
    });
    return { kind: 'dict', pairs };
  }

  /** Up to `end`, with a comma more at the end allowed. */
  #separated<Item>(end: string, one: () => Item): Item[] {
    const items: Item[] = [];
    while (!this.stream.is(end)) {
      if (items.length > 0) this.stream.expect(',');
      if (this.stream.is(end)) break;
      items.push(one());
    }
    this.stream.expect(end);
    return items;
  }

  #postfix(start: Expression): Expression {
    let value = start;
    for (;;) {
      const { type } = this.stream.current;
      if (type === '.' || type === '[') value = this.#subscript(value);
      else if (type === '(') value = this.#call(value);
      else return value;
    }
  }

  #filters(start: Expression): Expression {
    let value = start;
    for (;;) {
      if (this.stream.is('|')) value = this.filter(value) ?? value;
      else if (this.stream.isName('is')) value = this.#test(value);
      else if (this.stream.is('(')) value = this.#call(value);
      else return value;
    }
  }

  #subscript(object: Expression): Expression {
    if (this.stream.skip('.')) {
      const token = this.stream.next();
      if (token.type === 'name') return { kind: 'attribute', object, name: token.value };
      if (token.type !== 'integer') this.stream.fail('expected name or number', token.line);
      return { kind: 'item', object, key: { kind: 'constant', value: integerLiteral(token.value) } };
    }
    this.stream.expect('[');
    const keys: (Expression | 'slice')[] = [];
    let sliced: Expression | undefined;
    while (!this.stream.is(']')) {
      if (keys.length > 0) this.stream.expect(',');
      const key = this.#subscribed(object);
      if (key.kind === 'slice') sliced = key;
      keys.push(key);
    }
    this.stream.expect(']');
    if (sliced !== undefined) return keys.length === 1 ? sliced : this.stream.fail('a slice among several keys');
    const items = keys as Expression[];
    const [only] = items;
    return { kind: 'item', object, key: items.length === 1 && only ? only : { kind: 'tuple', items } };
  }

  #subscribed(object: Expression): Expression {
    const start = this.stream.is(':') ? undefined : this.expression();
    if (start !== undefined && !this.stream.is(':')) return start;
    this.stream.expect(':');
    const stop = this.#bound();
    const step = this.stream.skip(':') ? this.#bound() : undefined;
    return { kind: 'slice', object, bounds: [start, stop, step] };
  }

  #bound(): Expression | undefined {
    return [':', ']', ','].some((end) => this.stream.is(end)) ? undefined : this.expression();
  }

  #call(callee: Expression): Expression {
    const { line } = this.stream.current;
    return { kind: 'call', callee, call: this.#arguments(), line };
  }

  #arguments(): Arguments {
    const { line } = this.stream.expect('(');
    const args: Expression[] = [];
    const kwargs: [string, Expression][] = [];
    let rest: Expression | undefined;
    let restByName: Expression | undefined;
    const ensure = (right: boolean): void => {
      if (!right) this.stream.fail('invalid syntax for function call expression', line);
    };
    this.#separated(')', () => {
      if (this.stream.skip('*')) {
        ensure(rest === undefined && restByName === undefined);
        rest = this.expression();
      } else if (this.stream.skip('**')) {
        ensure(restByName === undefined);
        restByName = this.expression();
      } else if (this.stream.is('name') && this.stream.ahead.type === '=') {
        ensure(restByName === undefined);
        const { value: key } = this.stream.next();
        this.stream.next();
        ensure(!kwargs.some(([name]) => name === key));
        kwargs.push([key, this.expression()]);
      } else {
        ensure(rest === undefined && restByName === undefined && kwargs.length === 0);
        args.push(this.expression());
      }
    });
    return { args, kwargs, rest, restByName };
  }

  /** `|name(…)`, as often as it comes; of nothing, for blocks whose text is filtered. */
  filter(start: Expression | undefined, inline = false): Expression | undefined {
    let value = start;
    let first = inline;
    while (first || this.stream.is('|')) {
      if (!first) this.stream.next();
      first = false;
      const name = this.#dotted();
      const call = this.stream.is('(') ? this.#arguments() : NOTHING;
      value = { kind: 'filter', value, name, call };
    }
    return value;
  }

  #dotted(): string {
    let name = this.stream.expect('name').value;
    while (this.stream.skip('.')) name += `.${this.stream.expect('name').value}`;
    return name;
  }

  #test(value: Expression): Expression {
    this.stream.expectName('is');
    const negated = this.stream.skipName('not');
    const name = this.#dotted();
    const test: Expression = { kind: 'test', value, name, call: this.#testArguments() };
    return negated ? { kind: 'not', value: test } : test;
  }

  #testArguments(): Arguments {
    if (this.stream.is('(')) return this.#arguments();
    const begins = ['name', 'string', 'integer', 'float', '[', '{'].includes(this.stream.current.type);
    if (!begins || this.stream.isName('else', 'or', 'and')) return NOTHING;
    if (this.stream.isName('is')) this.stream.fail('You cannot chain multiple tests with is');
    return { args: [this.#postfix(this.#primary())], kwargs: [] };
  }

  /** What may stand before `=`, or between `for` and `in`. */
  target(options: { end?: string; namespace?: boolean } = {}): Target {
    const items: Target[] = [];
    let isTuple = false;
    for (;;) {
      if (items.length > 0) this.stream.expect(',');
      if (this.#atTupleEnd(options.end)) break;
      items.push(this.#singleTarget(options.namespace ?? false));
      if (!this.stream.is(',')) break;
      isTuple = true;
    }
    const [only] = items;
    if (only === undefined) this.stream.unexpected();
    return isTuple ? { kind: 'tuple', items } : only;
  }

  #singleTarget(namespace: boolean): Target {
    if (this.stream.skip('(')) {
      const target = this.target({ namespace });
      this.stream.expect(')');
      return target;
    }
    const { value: name } = this.stream.expect('name');
    if (['true', 'false', 'none', 'True', 'False', 'None'].includes(name)) this.stream.fail(`can't assign to ${name}`);
    if (!namespace || !this.stream.skip('.')) return { kind: 'name', name };
    return { kind: 'namespace', name, attribute: this.stream.expect('name').value };
  }
}

function isCompareSign(type: string): type is CompareSign {
  return ['==', '!=', '<', '<=', '>', '>='].includes(type);
}

const integerLiteral = (text: string): ReturnType<typeof integer> => integer(BigInt(text.replaceAll('_', '')));
const floatLiteral = (text: string): Float => new Float(Number(text.replaceAll('_', '')));
