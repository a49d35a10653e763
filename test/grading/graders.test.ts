import { describe, expect, test } from '@jest/globals';
import { graders } from '../../activities/grading/text-graders.ts';
import { jsonSchema } from '../../activities/grading/json-schema.ts';
import { regex } from '../../activities/grading/regex.ts';

describe('exact match', () => {
  const grader = graders.exact_match;

  test.each([
    ['S P EH L', 'S P EH L', 1],
    ['  S\tP\nEH  L ', 'S P EH L', 1],
    ['S P EH', 'S P EH L', 0],
    ['s p eh l', 'S P EH L', 0],
    ['SP EH L', 'S P EH L', 0],
    ['', ' \n', 1],
  ])('of %j and %j is %d', (output, reference, expected) => {
    expect(grader.score(output, reference)).toBe(expected);
  });

  test('is binary', () => {
    expect(grader.binary).toBe(true);
  });
});

describe('edit similarity', () => {
  const grader = graders.edit_similarity;
  const spaced = (text: string) => text.split('').join(' ');

  test.each([
    // Distances 3, 5 and 2: the textbook pairs.
    ['kitten', 'sitting', 1 - 3 / 7],
    ['intention', 'execution', 1 - 5 / 9],
    ['flaw', 'lawn', 1 - 2 / 4],
    ['same', 'same', 1],
    ['abc', '', 0],
    ['', 'abc', 0],
    ['', '', 1],
    ['abc', 'xyz', 0],
  ])('of %s and %s, letter by letter, is %d', (output, reference, expected) => {
    expect(grader.score(spaced(output), spaced(reference))).toBeCloseTo(expected, 15);
  });

  test('compares words, not letters', () => {
    expect(grader.score('EH1 L', 'EH2 L')).toBe(0.5);
  });

  test('is not binary', () => {
    expect(grader.binary).toBe(false);
  });
});

describe('token accuracy', () => {
  const grader = graders.token_accuracy;

  test.each([
    // One phoneme of four replaced, one inserted, one removed: an error rate of a quarter each.
    ['S P EH L', 'S P EH L', 1],
    ['S P AH L', 'S P EH L', 0.75],
    ['S P EH L Z', 'S P EH L', 0.75],
    ['S P EH', 'S P EH L', 0.75],
    ['a b c d e f', 'x', 0],
    ['', '', 1],
    ['a', '', 0],
  ])('of %j and %j is %d', (output, reference, expected) => {
    expect(grader.score(output, reference)).toBe(expected);
  });
});

describe('regex', () => {
  test('matches the reference, or one pattern for all', () => {
    expect(graders.regex.score('see chapter 12', '^see chapter \\d+$')).toBe(1);
    expect(graders.regex.score('See chapter 12', '^see')).toBe(0);
    expect(regex({ pattern: '^see', flags: 'i' }).score('See', 'whatever')).toBe(1);
    expect(graders.regex.refuses?.('(')).toContain('Unterminated group');
  });

  // JavaScript takes each of them for letters, and would match something else without a word.
  test.each([
    [String.raw`\Ayes`, String.raw`\A for the letter A: use ^`],
    [String.raw`yes\Z`, String.raw`\Z for the letter Z: use $`],
    [String.raw`^\p{L}+$`, 'use flags: u'],
    [String.raw`\u{e9}`, 'needs flags: u'],
    [String.raw`[\h]`, String.raw`\h for the letter h`],
    ['^[[:alpha:]]+$', 'has no [[:alpha:]]'],
  ])('refuses %s, of another dialect', (pattern, problem) => {
    expect(graders.regex.refuses?.(pattern)).toContain(problem);
  });

  test.each([String.raw`\\Ayes`, String.raw`\d\x41\u0041\cA\.\-\/`, String.raw`(?<a>.)\k<a>\B`, '[a:]'])(
    'knows %s',
    (pattern) => {
      expect(graders.regex.refuses?.(pattern)).toBeUndefined();
    },
  );

  test('leaves to `u` what it refuses itself', () => {
    const letters = regex({ pattern: String.raw`^\p{L}+$`, flags: 'u' });
    expect([letters.refuses?.(''), letters.score('é', '')]).toEqual([undefined, 1]);
    expect(regex({ pattern: String.raw`\A`, flags: 'u' }).refuses?.('')).toContain('Invalid escape');
  });

  test('gives up a pattern that takes ages, and goes on', () => {
    expect(graders.regex.score(`${'a'.repeat(40)}b`, '^(a+)+$')).toBe(0);
    // Looking ahead is not for RE2.
    expect(() => graders.regex.score(`${'a'.repeat(40)}b`, '^(?=a)(a+)+$')).toThrow('takes too long');
    expect(graders.regex.score('a', 'a')).toBe(1);
  });
});

describe('JSON schema', () => {
  const schema = { type: 'object', required: ['name'], properties: { name: { type: 'string', minLength: 2 } } };

  test('asks for what the answer itself has', () => {
    const named = (name: string): string => JSON.stringify({ required: [name] });
    expect(graders.json_schema.score('{}', named('constructor'))).toBe(0);
    expect(graders.json_schema.score('{"constructor": 1}', named('constructor'))).toBe(1);
    expect(graders.json_schema.score('{"a": 1}', '{"dependentRequired": {"toString": ["b"]}}')).toBe(1);
    expect(graders.json_schema.refuses?.(named('__proto__'))).toContain('__proto__ cannot be checked');
  });

  test.each([
    ['{"name": "Ada"}', 1],
    ['```json\n{"name": "Ada"}\n```', 1],
    ['{"name": "A"}', 0],
    ['{"name": "Ada"', 0],
    ['Sure! {"name": "Ada"}', 0],
    ['null', 0],
  ])('%s is %d', (output, expected) => {
    expect(graders.json_schema.score(output, JSON.stringify(schema))).toBe(expected);
    expect(jsonSchema({ schema }).score(output, '')).toBe(expected);
  });

  test('knows the tuples of draft 2020-12, and those of draft 7', () => {
    const tuple = { prefixItems: [{ type: 'number' }], items: false };
    expect(jsonSchema({ schema: tuple }).score('[1, 2]', '')).toBe(0);
    const seventh = { $schema: 'http://json-schema.org/draft-07/schema#', items: [{}], additionalItems: false };
    expect(jsonSchema({ schema: seventh }).score('[1, 2]', '')).toBe(0);
    expect(jsonSchema({ schema: seventh }).score('[1]', '')).toBe(1);
  });

  test.each(['{"type": "objekt"}', 'not JSON', '[]'])('%s is no schema', (reference) => {
    expect(graders.json_schema.refuses?.(reference)).toContain('not a JSON schema');
  });
});
