/** `numeric`: the number that an answer comes to is the reference's, within a tolerance. */
import type { TextGrader } from './grader.ts';
import { lastBoxed } from './boxed.ts';
import { numberReader, type Reading, type ReadText } from './numbers/read-numbers.ts';
import { absolute, isDecimal, multiply, rationalOf, toNumber, within, type Rational } from './numbers/rational.ts';
import { separatorsOf } from './numbers/tokens.ts';

export interface NumericOptions {
  readonly tolerance: number;
  readonly relativeTolerance: number;
  /** Where the number stands; absent: in the last `\boxed{…}` if there is one, else at the end. */
  readonly answer?: 'last' | 'boxed' | undefined;
  /** How numbers are written, as a BCP 47 tag. */
  readonly locale: string;
}

const ZERO: Rational = { numerator: 0n, denominator: 1n };

export function numeric({ tolerance, relativeTolerance, answer, locale }: NumericOptions): TextGrader {
  const separators = separatorsOf(locale);
  if (separators === undefined) throw new RangeError(`no locale: ${locale}`);
  const read = numberReader(separators);
  const [absoluteAllowed, relative] = [rationalOf(tolerance) ?? ZERO, rationalOf(relativeTolerance) ?? ZERO];

  return {
    binary: true,
    refuses: (reference) => problemOf(read(boxedOf(reference) ?? reference), locale),
    score(output, reference) {
      const [given, wanted] = [chosen(output), read(boxedOf(reference) ?? reference).numbers[0]];
      return given !== undefined && wanted !== undefined && isSame(given, wanted) ? 1 : 0;
    },
  };

  function chosen(output: string): Reading | undefined {
    const boxed = answer === 'last' ? undefined : lastBoxed(output);
    if (boxed === undefined) return answer === 'boxed' ? undefined : read(output).numbers.at(-1);
    const { numbers } = read(boxed);
    // `12 and 13` is neither.
    return numbers.length === 1 ? numbers[0] : undefined;
  }

  /** `28%` answers both 28 % and 0.28; `28` answers 28 % and not 0.28. */
  function isSame(given: Reading, wanted: Reading): boolean {
    if (given.value === undefined || wanted.value === undefined) return false;
    if (isNear(given.value, wanted.value)) return true;
    if (given.percent === wanted.percent) return false;
    const hundredth = multiply((given.percent ? given : wanted).value ?? ZERO, { numerator: 1n, denominator: 100n });
    if (hundredth === undefined) return false;
    return given.percent ? isNear(hundredth, wanted.value) : isNear(given.value, hundredth);
  }

  function isNear(given: Rational, wanted: Rational): boolean {
    if (within(given, wanted, absoluteAllowed)) return true;
    const allowed = multiply(absolute(wanted), relative);
    if (allowed !== undefined && within(given, wanted, allowed)) return true;
    return !(isDecimal(given) && isDecimal(wanted)) && toNumber(given) === toNumber(wanted);
  }
}

/** A reference that is all in a box. */
function boxedOf(reference: string): string | undefined {
  return /^\s*\$*\s*\\boxed\b/.test(reference) ? lastBoxed(reference) : undefined;
}

function problemOf({ numbers, whole }: ReadText, locale: string): string | undefined {
  const [only] = numbers;
  if (only === undefined) return 'the reference holds no number';
  if (numbers.length > 1 || !whole) return 'the reference holds more than a number: write the number alone';
  if (only.value !== undefined) return undefined;
  return `the reference holds a number that cannot be read as one of the locale ${locale}`;
}
