/** What the schema knows: the fields of a section, and the nearest of a few words to one that was mistyped. */
import { z } from 'zod';

/** Field names and schemas of the section at `path`; none where there is no section. */
export function fieldsAt(root: z.ZodType, path: readonly PropertyKey[]): Readonly<Record<string, z.ZodType>> {
  const schema = schemaAt(root, path);
  return schema === undefined ? {} : sectionOf(schema);
}

/** Undefined where the schema knows no such field. */
export function schemaAt(root: z.ZodType, path: readonly PropertyKey[]): z.ZodType | undefined {
  let schema: z.ZodType | undefined = root;
  for (const key of path) schema = schema && (sectionOf(schema)[String(key)] ?? entryOf(schema));
  return schema;
}

function sectionOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return inner.shape;
  if (!(inner instanceof z.ZodUnion)) return {};
  // A choice of sections: what any of them knows.
  return Object.assign({}, ...inner.options.map((option) => sectionOf(option as z.ZodType))) as Record<
    string,
    z.ZodType
  >;
}

/** Whatever stands under a name of the user's own choice. */
function entryOf(schema: z.ZodType): z.ZodType | undefined {
  const inner = unwrap(schema);
  return inner instanceof z.ZodRecord ? (inner.valueType as z.ZodType) : undefined;
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return unwrap(schema.unwrap() as z.ZodType);
  return schema;
}

/** The candidate that a person most likely meant, if one is close enough to be worth suggesting. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3));
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(plain(word), plain(candidate)) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

/** `learning_rate`, `learning-rate` and `learningRate` are the same word in three spellings. */
function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[_-]/g, '');
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of a.split('').entries()) {
    const next = [i + 1];
    for (const [j, other] of b.split('').entries()) {
      const substitution = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(substitution, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
