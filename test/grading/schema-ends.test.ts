import { describe, expect, test } from '@jest/globals';
import { jsonSchema } from '../../activities/grading/json-schema.ts';
import { graders } from '../../activities/grading/text-graders.ts';

const problem = (schema: object) => graders.json_schema.refuses?.(JSON.stringify(schema));

describe('a JSON schema', () => {
  test.each<[string, object]>([
    ['refers to itself', { $ref: '#' }],
    [
      'refers to itself by another',
      { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } },
    ],
    ['does so in an alternative', { anyOf: [{ type: 'number' }, { not: { $ref: '#' } }] }],
    ['does so where a property stands', { dependentSchemas: { a: { $ref: '#' } } }],
    ['does so by an anchor', { $anchor: 'me', allOf: [{ $ref: '#me' }] }],
    ['does so by its name', { $id: 'http://example.com/me', if: { $ref: 'http://example.com/me' } }],
    ['does so for a part of the value', { properties: { a: { $ref: '#/properties/a' } } }],
  ])('that %s without an end is refused', (_, schema) => {
    expect(problem(schema)).toMatch(/not a JSON schema: .* leads back to itself without an end/);
  });

  const tree = {
    type: 'object',
    properties: { left: { $ref: '#' }, right: { $ref: '#' }, not: { $ref: '#' } },
    not: { required: ['bad'], items: { $ref: '#' } },
    additionalProperties: false,
  };

  test('that refers to itself for parts of the value is tried', () => {
    expect(problem(tree)).toBeUndefined();
    expect(jsonSchema({ schema: tree }).score('{"left": {"right": {}}}', '')).toBe(1);
    expect(jsonSchema({ schema: tree }).score('{"left": {"middle": {}}}', '')).toBe(0);
  });

  test('may hold values that look like references', () => {
    expect(problem({ const: { $ref: '#' } })).toBeUndefined();
  });

  test('that refers to what would have to be fetched is refused', () => {
    expect(problem({ $ref: 'https://example.com/other.json' })).toContain(
      'it refers to https://example.com/other.json, which pawl does not fetch: put it under $defs',
    );
  });

  test('cannot be tried on an answer that nests for ever', () => {
    const deep = `${'{"left":'.repeat(200_000)}{}${'}'.repeat(200_000)}`;
    expect(() => jsonSchema({ schema: tree }).score(deep, '')).toThrow('the answer nests deeper');
  });
});
