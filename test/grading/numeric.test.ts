/** Numbers as models and data sets write them. A wrong number that counts as right is worse than a right one that does not. */
import { describe, expect, test } from '@jest/globals';
import { graders } from '../../activities/grading/text-graders.ts';
import { numeric, type NumericOptions } from '../../activities/grading/numeric.ts';

const DEFAULTS = { tolerance: 0, relativeTolerance: 0, locale: 'en' };
const withOptions = (options: Partial<NumericOptions>) => numeric({ ...DEFAULTS, ...options });

describe('a number is what belongs to it', () => {
  test.each([
    ['42', '42', 1],
    ['3 apples and 4 pears make #### 7', '7', 1],
    ['It costs $1,234.50.', '1234.5', 1],
    ['\u22125 degrees', '-5', 1],
    ['10-5', '5', 1],
    ['6.02e23', '602000000000000000000000', 1],
    ['.5', '0.5', 1],
    ['H2O', '2', 0],
    // A letter behind it is a unit or a variable.
    ['7x', '7', 0],
    ['$7xy$', '7', 0],
    ['7(x - 2)', '7', 0],
    ['7i', '7', 0],
    ['7m', '7', 1],
    ['7 oz', '7', 1],
    ['x = 7', '7', 1],
    ['7x3', '21', 1],
    ['no idea', '0', 0],
    ['41', '42', 0],
    // Fractions.
    ['It is 8', '5/8', 0],
    ['3/8', '5/8', 0],
    ['0.625', '5/8', 1],
    ['10/16', '5/8', 1],
    ['5 / 8', '0.625', 1],
    ['5⁄8', '0.625', 1],
    ['⅝', '0.625', 1],
    ['2⅝', '2.625', 1],
    ['2 5/8', '2.625', 1],
    ['2 and 5/8', '2.625', 1],
    ['2 5/8', '5/8', 0],
    ['2 and 5/8', '5/8', 0],
    ['-2 5/8', '-2.625', 1],
    ['in 3 steps 7/2', '3.5', 1],
    ['0.3333333333333333', '1/3', 1],
    ['0.333', '1/3', 0],
    // LaTeX.
    ['$\\frac{5}{8}$', '\\frac{5}{8}', 1],
    ['\\frac{3}{8}', '\\frac{5}{8}', 0],
    ['\\dfrac58', '0.625', 1],
    ['\\tfrac{5}8', '0.625', 1],
    ['-\\frac{5}{8}', '-0.625', 1],
    ['\\frac{-5}{8}', '-0.625', 1],
    ['2\\frac{5}{8}', '2.625', 1],
    ['\\left( \\frac{5}{8} \\right)', '0.625', 1],
    ['\\frac{\\frac{1}{2}}{4}', '0.125', 1],
    ['\\boxed{12} after 3 steps', '12', 1],
    ['\\boxed{\\frac{1}{8}}', '\\frac{5}{8}', 0],
    ['\\boxed{x = 7}', '7', 1],
    ['\\boxed{12\\text{ and }13}', '13', 0],
    ['\\boxed{\\text{7}}', '7', 1],
    ['7 \\text{ cm}^2', '7', 1],
    ['\\(7\\)', '7', 1],
    ['10{,}000', '10000', 1],
    ['10\\,000', '10000', 1],
    ['30^\\circ', '30', 1],
    ['3.5 \\times 10^{3}', '3500', 1],
    ['1.1 \\cdot 10^2', '110', 1],
    ['3.5 \\times 10^{-3}', '0.0035', 1],
    ['3.5 × 10³', '3500', 1],
    ['3.5 x 10^3', '3500', 1],
    ['3.5 \\times 10^{3}', '3', 0],
    ['2^{10}', '1024', 1],
    // What is no number although one stands in it.
    ['3\\sqrt{2}', '2', 0],
    ['\\sqrt{2}', '2', 0],
    ['2\\pi', '2', 0],
    ['\\frac{\\pi}{2}', '2', 0],
    ['\\frac{x}{2}', '2', 0],
    ['x + 5', '5', 0],
    ['(x+1)*2', '2', 0],
    ['f(3)', '3', 0],
    ['3:4', '4', 0],
    ['at 12:30', '30', 0],
    ['(3, 4)', '4', 0],
    ['3 + 4', '4', 0],
    ['3 + 4', '7', 1],
    ['9-5', '5', 0],
    ['3–4', '4', 0],
    ['x^2', '2', 0],
    ['1.2.3', '3', 0],
    ['1/2/2024', '2024', 0],
    ['2.5.', '2.5', 1],
    ['7 m^2', '7', 1],
    ['7 m²', '7', 1],
    ['7 m/s^2', '7', 1],
    ['7 kg m s^{-2}', '7', 1],
    // Signs, lists, emphasis.
    ['x = -5', '-5', 1],
    ['x = - 5', '-5', 1],
    ['5 -3', '-3', 1],
    ['Numbers:\n- 5', '5', 1],
    ['**7**', '7', 1],
    ['*6* 7', '7', 1],
    ['-$5', '-5', 1],
    ['(-5)', '-5', 1],
    // Percent.
    ['62.5%', '0.625', 1],
    ['0.625', '62.5%', 1],
    ['62.5 percent', '62.5\\%', 1],
    ['62.5', '62.5%', 1],
    ['62.5', '0.625', 0],
    ['62.5\\%', '62.5', 1],
    // Digits and separators.
    ['٤٢', '42', 1],
    ['４２', '42', 1],
    ['𝟒𝟐', '42', 1],
    ['४२', '42', 1],
    ['12 345', '12345', 1],
    ['12\u202f345', '12345', 1],
    ['1,5', '5', 0],
    ['12,34', '34', 0],
    ['1, 5', '5', 1],
    ['9007199254740993', '9007199254740992', 0],
    ['1e400', '1e400', 1],
    ['1e999999999', '1', 0],
  ])('%j where %j is right: %d', (output, reference, expected) => {
    expect(graders.numeric.score(output, reference)).toBe(expected);
    expect(graders.numeric.refuses?.(reference)).toBeUndefined();
  });
});

describe('a reference', () => {
  test.each([
    '7',
    ' -7.5 ',
    '7 apples',
    '$7',
    'USD 7',
    '7 m^2',
    'x = 7',
    '\\boxed{7}',
    '$7$',
    '#### 7',
    '7.',
    '7 km/h',
  ])('%j is read', (reference) => {
    expect(graders.numeric.refuses?.(reference)).toBeUndefined();
    expect(graders.numeric.score('5/8', reference)).toBe(0);
  });

  test.each([
    ['seven', 'holds no number'],
    ['3 or 4', 'more than a number'],
    ['(3, 4)', 'more than a number'],
    ['3:4', 'more than a number'],
    ['the 7 dwarfs', 'more than a number'],
    ['So 48/2 = 24 and 48 + 24 = 72. #### 72', 'more than a number'],
    ['3\\sqrt{2}', 'more than a number'],
    ['2\\pi', 'more than a number'],
    ['1.234,5', 'locale en'],
    ['1,5', 'locale en'],
    ['1/0', 'cannot be read'],
    ['1e999999999', 'cannot be read'],
  ])('%j is refused: %s', (reference, why) => {
    expect(graders.numeric.refuses?.(reference)).toContain(why);
  });
});

describe('options', () => {
  test.each([
    [{ tolerance: 0.5 }, '100.5', '100', 1],
    [{ tolerance: 0.5 }, '100.6', '100', 0],
    [{ relativeTolerance: 0.01 }, '-101', '100', 0],
    [{ relativeTolerance: 0.01 }, '101', '100', 1],
    [{ tolerance: 1e-7 }, '0.33333333', '1/3', 1],
    [{ answer: 'boxed' as const }, 'It is 7', '7', 0],
    [{ answer: 'boxed' as const }, '\\boxed{6}, no: \\boxed{7} as 3 + 4', '7', 1],
    [{ answer: 'boxed' as const }, 'cut short: \\boxed{7', '7', 1],
    [{ answer: 'last' as const }, '\\boxed{6}, no: 7', '7', 1],
    [{ locale: 'de' }, '1.234,5 Euro', '1234,5', 1],
    [{ locale: 'de' }, '1.234', '1.234', 1],
    [{ locale: 'de' }, '1.5', '5', 0],
    [{ locale: 'fr' }, '1 234,5', '1234,5', 1],
    [{ locale: 'de-CH' }, '1’234.5', '1234.5', 1],
    [{ locale: 'en-IN' }, '12,34,567', '1234567', 1],
    [{ locale: 'en' }, '12,34,567', '1234567', 0],
  ])('%j: %j where %j is right: %d', (options, output, reference, expected) => {
    expect(withOptions(options).score(output, reference)).toBe(expected);
  });
});

describe('answers that would take for ever', () => {
  test.each([
    ['digits', '9'.repeat(300_000)],
    ['brackets', '('.repeat(100_000)],
    ['braces', '\\frac{'.repeat(50_000)],
    ['signs', '-'.repeat(200_000)],
    ['products', '99999999 * '.repeat(20_000)],
    ['powers', '9^9^'.repeat(20_000)],
    ['raised', '9^{-'.repeat(20_000)],
    ['open sums', '(9+'.repeat(20_000)],
    ['open fractions', '(\\frac{x'.repeat(20_000)],
    ['groups', '1,234'.repeat(50_000)],
    ['boxes', '\\boxed{'.repeat(50_000)],
    ['spaces', `7${' '.repeat(300_000)}8`],
    ['Arabic digits', '٤'.repeat(100_000)],
  ])('%s are read in time', (_, output) => {
    const before = process.cpuUsage();
    expect(graders.numeric.score(output, '7')).toBe(0);
    const { user } = process.cpuUsage(before);
    // A tenth of it on a quiet machine; what grows with the square takes minutes.
    expect(user / 1e6).toBeLessThan(10);
  });
});
