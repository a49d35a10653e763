/** Every pattern that is translated says the same as JavaScript's own; the others are known not to be. */
import { describe, expect, test } from '@jest/globals';
import { jsonSchema } from '../../activities/grading/json-schema.ts';
import { linearPattern } from '../../activities/grading/linear-pattern.ts';
import { regex } from '../../activities/grading/regex.ts';

const TEXTS = [
  '',
  'a',
  'ab',
  'aB',
  'foo bar',
  'foo\nbar',
  'foo\r\nbar',
  'a\u2028b',
  'x\u00a0y',
  '1,234.50',
  'déjà vu',
  'ſK',
  '😀',
  'a😀b',
  '\ud800',
  '[x]{2}-\\/^$.|?*+()',
  'tab\there\v\f',
  'aaaaab',
  'under_score 9',
  '\0',
];

describe('a pattern in linear time', () => {
  test.each([
    'a',
    '^a',
    'b$',
    '^.$',
    '^..$',
    '.',
    '^\\s',
    '\\S+\\s\\S',
    '\\d+,\\d{3}',
    '\\D',
    '\\w+',
    '^\\W',
    '[^\\s]',
    '[^\\D]',
    '[\\W\\d]',
    '[a-c]+b',
    '[^a-z]',
    '[]',
    '[^]',
    '(a|ab)b?$',
    '(?:a+)+b',
    '(?<name>o)\\w',
    'o{2}',
    'a{2,3}b',
    'a{2,}?b',
    '\\bbar\\b',
    '\\Bo',
    '\\u0061',
    '\\x61',
    '\\cI',
    '\\0',
    '\\t\\x68',
    '[\\]\\-\\\\]',
    '\\/\\^\\$\\.',
    '\\]\\{2\\}',
    '(|a)b',
    'é',
    '[à-ü]',
    '',
    '(a*)*b',
    '_',
  ])('%s', (source) => {
    for (const flags of ['', 'i', 's', 'u', 'su']) {
      const expected = TEXTS.map((text) => new RegExp(source, flags).test(text));
      const linear = linearPattern(source, flags);
      expect(linear).toBeDefined();
      const covered = TEXTS.filter((text) => linear?.covers(text));
      expect(covered.length).toBeGreaterThan(8);
      expect(covered.map((text) => linear?.test(text))).toEqual(
        expected.filter((_, at) => linear?.covers(TEXTS[at] ?? '')),
      );
      const grader = regex({ pattern: source, flags });
      expect(TEXTS.map((text) => grader.score(text, ''))).toEqual(expected.map(Number));
    }
  });

  test.each(['(?=a)b', '(?!a)b', '(?<=a)b', '(?<!a)b', '(a)\\1', '(?<x>a)\\k<x>', '😀', '[😀]'])(
    '%s is left to JavaScript',
    (source) => {
      expect(linearPattern(source, '')).toBeUndefined();
      const grader = regex({ pattern: source, flags: '' });
      expect(TEXTS.map((text) => grader.score(text, ''))).toEqual(
        TEXTS.map((text) => Number(new RegExp(source).test(text))),
      );
    },
  );

  test('that JavaScript does not know is none', () => {
    expect(() => linearPattern('(', '')).toThrow(SyntaxError);
    expect(() => linearPattern('\\A', 'u')).toThrow(SyntaxError);
  });

  test.each(['^(a+)+$', '^(\\w+\\s?)*$', '^(a|aa)+$', '(.*)*x'])('%s never takes ages', (source) => {
    const hostile = `${'a'.repeat(50_000)}!`;
    expect(regex({ pattern: source, flags: '' }).score(hostile, '')).toBe(0);
    const schema = { type: 'object', properties: { note: { pattern: source } }, patternProperties: { [source]: true } };
    expect(jsonSchema({ schema }).score(JSON.stringify({ note: hostile }), '')).toBe(0);
  });
});
