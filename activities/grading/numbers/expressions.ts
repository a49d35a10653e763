/** From tokens to values: fractions, mixed numbers, powers, products and sums, exactly. Linear in the tokens. */
import { add, divide, multiply, negate, power, type Rational } from './rational.ts';
import { isOperator, type Token } from './tokens.ts';

/** What a piece of the text comes to, and where the next one begins; without a value it is known to be none. */
interface Parsed {
  readonly value: Rational | undefined;
  readonly next: number;
}

type Combine = (a: Rational, b: Rational) => Rational | undefined;
type Part = (at: number) => Parsed | undefined;

/** Deeper brackets are not read. */
const MAX_DEPTH = 12;
const SUMS: ReadonlyMap<string, Combine> = new Map<string, Combine>([
  ['+', add],
  ['-', (a, b) => add(a, negate(b))],
]);
const PRODUCTS: ReadonlyMap<string, Combine> = new Map<string, Combine>([
  ['*', multiply],
  ['/', divide],
  ['x', multiply],
  ['X', multiply],
]);

/** Reads the expression that begins at a token; undefined where none does. */
export function expressionAt(tokens: readonly Token[], start: number): Parsed | undefined {
  let depth = 0;
  const sum: Part = (at) => chain(at, SUMS, product);
  const product: Part = (at) => chain(at, PRODUCTS, signed);
  return sum(start);

  function chain(at: number, operators: ReadonlyMap<string, Combine>, part: Part): Parsed | undefined {
    let left = part(at);
    while (left !== undefined) {
      const operator = operatorAt(tokens, left.next);
      const combine = operator === undefined ? undefined : operators.get(operator);
      const right = combine === undefined ? undefined : part(left.next + 1);
      if (combine === undefined || right === undefined) return left;
      left = both(left, right, combine);
    }
    return undefined;
  }

  function signed(at: number): Parsed | undefined {
    const token = tokens[at];
    if (token?.kind !== 'operator') return raised(at);
    return isSign(tokens, at) ? withSign(token.text, raised(at + 1)) : undefined;
  }

  function raised(at: number): Parsed | undefined {
    const base = mixed(at);
    if (base === undefined || !isOperator(tokens[base.next], '^')) return base;
    return both(base, exponent(base.next + 1) ?? { value: undefined, next: base.next + 1 }, power);
  }

  function exponent(at: number): Parsed | undefined {
    const token = tokens[at];
    return token?.kind === 'operator' && SUMS.has(token.text) ? withSign(token.text, atom(at + 1)) : atom(at);
  }

  /** `1 1/2`, `1\frac{1}{2}`, `1 and 1/2` */
  function mixed(at: number): Parsed | undefined {
    const whole = atom(at);
    if (whole === undefined || tokens[at]?.whole !== true) return whole;
    const from = tokens[whole.next]?.text === 'and' ? whole.next + 1 : whole.next;
    const part = tokens[from]?.kind === 'fraction' ? atom(from) : simpleFraction(from);
    return part !== undefined && isProper(part.value) ? both(whole, part, add) : whole;
  }

  function simpleFraction(at: number): Parsed | undefined {
    const [over, slash, under] = [tokens[at], tokens[at + 1], tokens[at + 2]];
    if (over?.whole !== true || under?.whole !== true || !isOperator(slash, '/')) return undefined;
    if (slash?.spaced === true || under.spaced) return undefined;
    return both({ value: over.value, next: at + 1 }, { value: under.value, next: at + 3 }, divide);
  }

  function atom(at: number): Parsed | undefined {
    const token = tokens[at];
    if (token?.kind === 'number') return { value: token.value, next: at + 1 };
    if (token?.kind === 'open' || token?.kind === 'brace') return enclosed(at);
    if (token?.kind !== 'fraction') return undefined;
    const over = braced(at + 1);
    const under = over === undefined ? undefined : braced(over.next);
    if (over !== undefined && under !== undefined) return both(over, under, divide);
    return { value: undefined, next: afterBraces(tokens, afterBraces(tokens, at + 1)) };
  }

  function braced(at: number): Parsed | undefined {
    return tokens[at]?.kind === 'brace' ? enclosed(at) : undefined;
  }

  function enclosed(at: number): Parsed | undefined {
    if (depth >= MAX_DEPTH) return undefined;
    depth += 1;
    const inner = sum(at + 1);
    depth -= 1;
    const closes = tokens[at]?.kind === 'open' ? 'close' : 'unbrace';
    if (inner === undefined || tokens[inner.next]?.kind !== closes) return undefined;
    return { value: inner.value, next: inner.next + 1 };
  }
}

/** With as much space before as after it: `5 -3` are two numbers, and `*5* 6` is one in italics. */
export function operatorAt(tokens: readonly Token[], at: number): string | undefined {
  const [token, after] = [tokens[at], tokens[at + 1]];
  if (token?.kind !== 'operator' && token?.kind !== 'word') return undefined;
  return after?.spaced === token.spaced ? token.text : undefined;
}

/** A minus that stands before a number, and not between two things or before the item of a list. */
function isSign(tokens: readonly Token[], at: number): boolean {
  const [before, token, after] = [tokens[at - 1], tokens[at], tokens[at + 1]];
  if (token?.kind !== 'operator' || !SUMS.has(token.text) || after === undefined) return false;
  if (before === undefined) return !after.spaced;
  if (isOpened(before)) return true;
  if (after.spaced) return before.kind === 'gap' && /[=:<>[]/.test(before.text);
  return token.spaced || before.kind === 'gap' || before.text === '**';
}

function isOpened({ kind, text }: Token): boolean {
  return kind === 'open' || kind === 'brace' || (kind === 'operator' && text !== '%' && text !== '**');
}

function isProper(value: Rational | undefined): boolean {
  return value !== undefined && value.numerator > 0n && value.numerator < value.denominator;
}

function withSign(sign: string, read: Parsed | undefined): Parsed | undefined {
  if (read?.value === undefined || sign !== '-') return read;
  return { ...read, value: negate(read.value) };
}

function both(a: Parsed, b: Parsed, combine: Combine): Parsed {
  const known = a.value !== undefined && b.value !== undefined;
  return { value: known ? combine(a.value, b.value) : undefined, next: b.next };
}

/** Where a group in braces ends that cannot be read; one without an end takes all that follows with it. */
function afterBraces(tokens: readonly Token[], at: number): number {
  if (tokens[at]?.kind !== 'brace') return at;
  let depth = 0;
  for (let next = at; next < tokens.length; next += 1) {
    const kind = tokens[next]?.kind;
    if (kind === 'brace') depth += 1;
    if (kind === 'unbrace') depth -= 1;
    if (depth === 0) return next + 1;
  }
  return tokens.length;
}
