/** `json_schema`: an answer is JSON, bare or in one code fence, that fulfils a schema: the reference's or one for all. */
import { Ajv, MissingRefError } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { TextGrader } from './grader.ts';
import { schemaPattern } from './regex.ts';
import { endlessReference } from './schema-ends.ts';

type Validate = (value: unknown) => boolean;
/** Draft 2020-12, unless a schema names draft 7. Formats are notes: ajv knows none by itself. */
const OPTIONS = {
  strict: false,
  // A `constructor` that is required must stand in the answer: every object of JavaScript has one.
  ownProperties: true,
  validateFormats: false,
  logger: false,
  code: { regExp: Object.assign(schemaPattern, { code: 'schemaPattern' }) },
} as const;

export function jsonSchema({ schema }: { schema?: Record<string, unknown> | undefined }): TextGrader {
  const compiled = new Map<string, Validate>();
  const validator = (reference: string): Validate => {
    const key = schema === undefined ? reference : '';
    const known = compiled.get(key) ?? compile(schema ?? (JSON.parse(reference) as unknown));
    compiled.set(key, known);
    return known;
  };
  return {
    binary: true,
    refuses(reference) {
      try {
        return validator(reference) && undefined;
      } catch (error) {
        return `not a JSON schema: ${problemOf(error)}`;
      }
    },
    score(output, reference) {
      const value = parse(output);
      return value !== undefined && isValid(validator(reference), value.json) ? 1 : 0;
    },
  };
}

/** Compiling the schema of schemas takes ten times as long as compiling one: each of the two is made once. */
const compilers: Partial<Record<'seventh' | 'current', Ajv | Ajv2020>> = {};

function compile(schema: unknown): Validate {
  if (typeof schema === 'boolean') return () => schema;
  if (typeof schema !== 'object' || schema === null) throw new TypeError('it must be an object, true or false');
  const endless = endlessReference(schema);
  if (endless !== undefined) throw new TypeError(`${endless} leads back to itself without an end`);
  const seventh = '$schema' in schema && String(schema.$schema).includes('draft-07');
  const text = JSON.stringify(schema);
  // ajv passes over it.
  if (text.includes('"__proto__"')) throw new TypeError('a field of the name __proto__ cannot be checked');
  // Names are known to the whole compiler, and two schemas may use the same ones.
  if (/"(\$id|\$anchor|\$dynamicAnchor)"/.test(text)) return newCompiler(seventh).compile(schema);
  const compiler = (compilers[seventh ? 'seventh' : 'current'] ??= newCompiler(seventh));
  try {
    return compiler.compile(schema);
  } finally {
    // It would remember every schema it ever saw.
    compiler.removeSchema(schema);
  }
}

function problemOf(error: unknown): string {
  if (error instanceof MissingRefError) {
    return `it refers to ${error.missingRef}, which pawl does not fetch: put it under $defs, and refer to it by "#/$defs/…"`;
  }
  return error instanceof Error ? error.message : String(error);
}

function isValid(validate: Validate, value: unknown): boolean {
  try {
    return validate(value);
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new PawlError('InvalidRequest', 'the answer nests deeper than a schema can be tried on', { cause });
    }
    // ajv 8 does so where unevaluatedProperties meets patternProperties beside several alternatives.
    const remedy = 'write it without unevaluatedProperties and unevaluatedItems';
    throw new PawlError('InvalidRequest', `ajv cannot try the schema on this answer: ${remedy}`, { cause });
  }
}

function newCompiler(seventh: boolean): Ajv | Ajv2020 {
  return seventh ? new Ajv(OPTIONS) : new Ajv2020(OPTIONS);
}

function parse(output: string): { json: unknown } | undefined {
  const [, fenced] = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?```\s*$/.exec(output) ?? [];
  try {
    return { json: JSON.parse(fenced ?? output) as unknown };
  } catch {
    return undefined;
  }
}
