/** Python's numbers: integers are exact whatever their size, floats are floats even where they are whole. */
import { Float, TemplateFault, Undefined, typeName, unknownHere, type Value } from './values.ts';

export type Real = number | bigint;

/** The number that a value counts as, booleans included; undefined for anything else. */
export function realOf(value: Value): Real | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof Float ? value.value : undefined;
}

export function requireDefined(...values: Value[]): void {
  for (const value of values) if (value instanceof Undefined) value.fail();
}

type Sign = '+' | '-' | '*' | '/' | '//' | '%' | '**';

const FLOATS: Readonly<Record<Sign, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '//': (a, b) => Math.floor(a / b),
  '%': (a, b) => a - b * Math.floor(a / b),
  '**': (a, b) => a ** b,
};

const INTEGERS: Readonly<Record<Exclude<Sign, '/'>, (a: bigint, b: bigint) => bigint>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '//': floorDivide,
  '%': (a, b) => a - b * floorDivide(a, b),
  '**': (a, b) => a ** b,
};

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

/** Integers stay exact, whatever their size; with a float, or divided by `/`, they become one. */
export function arithmetic(sign: Sign, a: Value, b: Value): Value {
  const [left, right] = [realOf(a), realOf(b)];
  if (left === undefined || right === undefined) {
    requireDefined(a, b);
    throw new TemplateFault(`unsupported operand type(s) for ${sign}: '${typeName(a)}' and '${typeName(b)}'`);
  }
  if (['/', '//', '%'].includes(sign) && Number(right) === 0) throw new TemplateFault('division by zero');
  const whole = !(a instanceof Float) && !(b instanceof Float);
  return whole ? wholeArithmetic(sign, left, right) : new Float(FLOATS[sign](Number(left), Number(right)));
}

function wholeArithmetic(sign: Sign, left: Real, right: Real): Value {
  if (sign === '/' || (sign === '**' && right < 0)) return new Float(FLOATS[sign](Number(left), Number(right)));
  if (sign === '**' && right > 1_024) throw unknownHere(`a power of ${right}`);
  return integer(INTEGERS[sign](BigInt(left), BigInt(right)));
}

/** A number where that is exact. */
export function integer(value: bigint): Value {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

export function negate(value: Value): Value {
  if (value instanceof Float) return new Float(-value.value);
  return arithmetic('-', 0, value);
}
