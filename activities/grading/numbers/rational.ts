/** Exact fractions: `1.1 × 10^2` is 110, and 1/3 is not 0.333. What grows beyond measure is not a number any more. */

export interface Rational {
  readonly numerator: bigint;
  /** At least 1. */
  readonly denominator: bigint;
}

/** More digits than this no reference has; work on them would grow with their square. */
const MAX_DIGITS = 400;
const LIMIT = 10n ** BigInt(2 * MAX_DIGITS);

type Outcome = Rational | undefined;

/** `digits` may hold one decimal point, and nothing else but digits. */
export function rational(digits: string, exponent = 0): Outcome {
  const [whole = '', fraction = ''] = digits.split('.');
  if (whole.length + fraction.length > MAX_DIGITS || Math.abs(exponent) > MAX_DIGITS) return undefined;
  return scaled(BigInt(whole + fraction), exponent - fraction.length);
}

/** The decimal that a number is written as. */
export function rationalOf(value: number): Outcome {
  const [digits = '', exponent = '0'] = String(value).split('e');
  return rational(digits, Number(exponent));
}

export function add(a: Rational, b: Rational): Outcome {
  return bounded(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

export function negate({ numerator, denominator }: Rational): Rational {
  return { numerator: -numerator, denominator };
}

export function multiply(a: Rational, b: Rational): Outcome {
  return bounded(a.numerator * b.numerator, a.denominator * b.denominator);
}

export function divide(a: Rational, b: Rational): Outcome {
  if (b.numerator === 0n) return undefined;
  const sign = b.numerator < 0n ? -1n : 1n;
  return bounded(sign * a.numerator * b.denominator, sign * a.denominator * b.numerator);
}

/** Whole exponents only. */
export function power(base: Rational, exponent: Rational): Outcome {
  if (exponent.numerator % exponent.denominator !== 0n) return undefined;
  const times = exponent.numerator / exponent.denominator;
  const size = times < 0n ? -times : times;
  if (size > BigInt(MAX_DIGITS)) return undefined;
  let result: Outcome = { numerator: 1n, denominator: 1n };
  for (let count = 0n; count < size && result !== undefined; count += 1n) result = multiply(result, base);
  if (result === undefined || times >= 0n) return result;
  return divide({ numerator: 1n, denominator: 1n }, result);
}

/** |a − b| ≤ tolerance */
export function within(a: Rational, b: Rational, tolerance: Rational): boolean {
  const across = a.numerator * b.denominator - b.numerator * a.denominator;
  const distance = across < 0n ? -across : across;
  return distance * tolerance.denominator <= tolerance.numerator * a.denominator * b.denominator;
}

export function absolute({ numerator, denominator }: Rational): Rational {
  return { numerator: numerator < 0n ? -numerator : numerator, denominator };
}

/** To the precision of a float: 1/3 and 0.3333333333333333 are one number to whoever computed with floats. */
export function toNumber({ numerator, denominator }: Rational): number {
  const shift = BigInt(Math.max(0, denominator.toString().length - numerator.toString().length + 25));
  return Number(`${(numerator * 10n ** shift) / denominator}e-${shift}`);
}

/** Has a last decimal: its denominator has no other factors than 2 and 5. */
export function isDecimal({ numerator, denominator }: Rational): boolean {
  return (numerator * 10n ** BigInt(4 * MAX_DIGITS)) % denominator === 0n;
}

function scaled(value: bigint, exponent: number): Outcome {
  return exponent < 0 ? bounded(value, 10n ** BigInt(-exponent)) : bounded(value * 10n ** BigInt(exponent), 1n);
}

function bounded(numerator: bigint, denominator: bigint): Outcome {
  if (numerator > LIMIT || numerator < -LIMIT || denominator > LIMIT) return undefined;
  return { numerator, denominator };
}
