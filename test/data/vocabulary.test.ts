/** A vocabulary in tables is what a Map of the same entries is, and its file is walked as JSON.parse reads it. */
import { describe, expect, test } from '@jest/globals';
import { JsonBytes } from '../../activities/data/json-bytes.ts';
import { Vocabulary, vocabularyTables } from '../../activities/data/vocabulary.ts';

const TEXTS = ['a', 'b', 'ab', 'ba', '', '\0', 'é', 'e\u0301', '日本', '😀', '\ud83d', '\ude00', 'x'.repeat(300), 'İ'];

describe('a vocabulary', () => {
  test('finds each token by its text and by its id, and no other', () => {
    const many = Array.from({ length: 5_000 }, (_, index): [string, number] => [`token ${index}`, 3 * index + 100]);
    // In no order of their ids, with gaps, and one that no array should have a place for.
    const entries = [...TEXTS.map((text, index): [string, number] => [text, 13 - index]), ...many.reverse()];
    entries.push(['far', 2_000_000_000]);
    const vocabulary = new Vocabulary(vocabularyTables(entries));
    for (const [token, id] of entries) {
      expect([vocabulary.get(token), vocabulary.has(token), vocabulary.token(id)]).toEqual([id, true, token]);
    }
    for (const other of ['c', 'abc', 'token 5000', '\ud83d\ud83d', 'xx']) {
      expect([vocabulary.get(other), vocabulary.has(other)]).toEqual([undefined, false]);
    }
    for (const id of [-1, 14, 101, 1_999_999_999]) expect(vocabulary.token(id)).toBeUndefined();
  });

  test('has the later of two entries of one text, or of one id', () => {
    const vocabulary = new Vocabulary(
      vocabularyTables([
        ['a', 0],
        ['b', 1],
        ['a', 2],
        ['c', 1],
      ]),
    );
    expect([vocabulary.get('a'), vocabulary.get('b'), vocabulary.get('c')]).toEqual([2, 1, 1]);
    expect([vocabulary.token(0), vocabulary.token(1), vocabulary.token(2)]).toEqual(['a', 'c', 'a']);
  });

  test('may be empty', () => {
    const vocabulary = new Vocabulary(vocabularyTables([]));
    expect([vocabulary.get(''), vocabulary.token(0)]).toEqual([undefined, undefined]);
  });
});

/** Objects and arrays by walking, everything else as it is passed over. */
function walked(text: string): unknown {
  const bytes = Buffer.from(text);
  const walk = new JsonBytes(bytes);
  const value = (): unknown => {
    const begins = walk.peek();
    if (begins === '{') return Object.fromEntries(Array.from(walk.keys(), (key) => [key, value()]));
    if (begins === '[') return Array.from(walk.elements(), () => value());
    if (begins === '"') return walk.text();
    const { start, end } = walk.skip();
    return JSON.parse(bytes.toString('utf8', start, end));
  };
  return value();
}

describe('JSON in bytes', () => {
  test.each([
    '{"a": {"b": [1, -2.5e3, true, null, "x"], "": []}, "c": {}}',
    ' [ [ ] , { } ,\r\n\t"\\"\\\\\\u00e9\\ud83d\\ude00 é 😀" , "[{,:" ] ',
    '{"deep": [[[{"x": "]}"}]]], "quote\\"": "\\\\"}',
  ])('is read as %s', (text) => {
    expect(walked(text)).toEqual(JSON.parse(text));
    const bytes = Buffer.from(text);
    const { start, end } = new JsonBytes(bytes).skip();
    expect(bytes.toString('utf8', start, end)).toBe(text.trim());
  });

  test.each(['', '{', '{"a"', '{"a" 1}', '{"a":}', '{"a": 1,}', '[1 2]', '[1,]', '["a', '["\\', '{a: 1}', '[,]'])(
    'is refused as %s',
    (text) => {
      expect(() => walked(text)).toThrow(SyntaxError);
      expect((): unknown => JSON.parse(text)).toThrow(SyntaxError);
    },
  );

  test.each(['1.5', '"1"', 'null', '[1]', '9007199254740993'])('%s is no integer', (text) => {
    expect(() => new JsonBytes(Buffer.from(text)).integer()).toThrow(SyntaxError);
  });
});
