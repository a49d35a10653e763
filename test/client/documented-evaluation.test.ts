/** Each example of docs/evaluation.md, tried literally: its experiment's section, every choice of grader, every normal form. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { suiteProblems } from '../../files/experiment/suite-checks.ts';
import { GraderSpec } from '../../domain/spec/grader-spec.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import { suiteMetric } from '../../domain/spec/suite-spec.ts';
import { textGrader } from '../../activities/grading/text-graders.ts';
import { SPEC } from '../store/fixtures.ts';

const text = readFileSync(join(__dirname, '../../docs/evaluation.md'), 'utf8');

const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, block = '']) => block);

/** The sections of a block, in the place of those of an experiment, or added to them. */
function withSections(block: string): RunSpec {
  const sections = parse(block) as Partial<Record<'data' | 'evaluate', object>>;
  const { data, evaluate } = sections;
  return RunSpec.parse({ ...SPEC, data: { ...SPEC.data, ...data }, evaluate: { ...SPEC.evaluate, ...evaluate } });
}

test('the comments of the section of suites say what its metrics are', () => {
  const [block = ''] = blocks;
  const { evaluate } = withSections(block);
  expect(suiteProblems(evaluate)).toEqual([]);
  const told = [...block.matchAll(/# metric: (.+)/g)].map(([, metric]) => metric);
  expect(Object.values(evaluate.suites ?? {}).map(suiteMetric)).toEqual(told);
});

test('either way of a validation loss is one', () => {
  expect(blocks.slice(1).map(withSections)).toMatchObject([
    { data: { holdout: 0.02 } },
    { evaluate: { loss: { data: 'validation.jsonl' } } },
  ]);
});

/** The first column of the table, and what stands in braces in the second. */
const rows = [...text.matchAll(/^\| (`.+?)\s*\| (.+?)\s*\|$/gm)]
  .map(([, choice = '', says = '']) => ({ choice, says }))
  .filter(({ choice }) => choice !== '`evaluate.grader`');

describe('graders', () => {
  const codes = rows.flatMap(({ choice, says }) => [
    ...[...choice.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code),
    ...[...says.matchAll(/`(\{name: [^`]+\})`/g)].map(([, code = '']) => code),
  ]);

  test('are all in the table', () => {
    expect(codes.length).toBeGreaterThan(20);
  });

  test.each(codes)('%s', (code) => {
    const whole = code.replaceAll('{…}', '{}').replaceAll('url: …', 'url: http://127.0.0.1').replaceAll('…', 'x');
    expect(GraderSpec.safeParse(parse(whole))).toMatchObject({ success: true });
  });
});

describe('what is said of numeric answers', () => {
  const numeric = textGrader('numeric');
  test.each([
    ['3/4', '0.75', 1],
    ['1 1/2', '1.5', 1],
    ['½', '0.5', 1],
    ['\\frac{3}{4}', '0.75', 1],
    ['2 \\times 10^{3}', '2000', 1],
    ['0.333', '1/3', 0],
    ['28 %', '0.28', 1],
    ['28 %', '28', 1],
    ['x + 4', '4', 0],
    ['3:4', '4', 0],
    ['2\\pi', '2', 0],
  ])('%s, where %s is right: %d', (output, reference, score) => {
    expect(numeric.score(output, reference)).toBe(score);
  });

  test.each([
    ['en', '1,234.5'],
    ['de', '1.234,5'],
  ])('in the locale %s: %s', (locale, written) => {
    const own = textGrader({ name: 'numeric', tolerance: 0, relativeTolerance: 0, locale });
    expect(own.score(written, written)).toBe(1);
    expect(own.score(`It is ${written}.`, written)).toBe(1);
  });
});

test('letters are found where it says they are', () => {
  const choice = textGrader('multiple_choice');
  for (const answer of ['Answer: B', '(B) is correct', '\\boxed{B}', 'B']) expect(choice.score(answer, 'B')).toBe(1);
  expect(choice.score('It is either A or B.', 'B')).toBe(0);
});
