/** Turns what the schema rejected into sentences that name what is wrong and the way out. */
import type { z } from 'zod';
import { cutText } from '../../domain/words/outside-text.ts';
import { fieldsAt, nearest } from './schema-keys.ts';

export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** One problem per wrong field, in the schema's order. `value` is what was validated. */
export function problemsOf(root: z.ZodType, value: unknown, issues: readonly Issue[]): Problem[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownField(root, issue.path, key));
    return [{ path: issue.path, message: describe(root, valueAt(value, issue.path), issue) }];
  });
}

function unknownField(root: z.ZodType, section: readonly PropertyKey[], key: string): Problem {
  const known = Object.keys(fieldsAt(root, section));
  const meant = nearest(key, known);
  const remedy = meant === undefined ? `Known here: ${known.join(', ')}.` : `Did you mean "${meant}"?`;
  return { path: [...section, key], message: `unknown field. ${remedy}` };
}

function describe(root: z.ZodType, value: unknown, issue: Issue): string {
  if (value === undefined) return missing(root, issue);
  if (issue.code === 'invalid_type') return wrongType(root, value, issue);
  if (issue.code === 'invalid_union') return wrongKind(root, value, issue);
  if (issue.code === 'invalid_value') return wrongChoice(value, issue.values.map(String));
  if (value === '') return 'is empty. Write a value.';
  if (issue.code === 'too_small') {
    const limit = issue.inclusive === true ? 'at least' : 'greater than';
    return `must be ${limit} ${issue.minimum}, got ${show(value)}.`;
  }
  if (issue.code === 'too_big') {
    const limit = issue.inclusive === true ? 'at most' : 'less than';
    return `must be ${limit} ${issue.maximum}, got ${show(value)}.`;
  }
  return `${show(value)} is not allowed here: ${issue.message}.`;
}

function missing(root: z.ZodType, issue: Issue): string {
  const key = String(issue.path.at(-1));
  const section = issue.path.slice(0, -1);
  const place = section.length === 0 ? 'at the top level' : `under "${section.join('.')}"`;
  const hint = fieldsAt(root, section)[key]?.description;
  return `is missing. Add "${key}: ${example(root, issue)}" ${place}${hint === undefined ? '' : ` (${hint})`}.`;
}

function example(root: z.ZodType, issue: Issue): string {
  if (issue.code === 'invalid_value') return issue.values.map(String).join(' | ');
  if (issue.code !== 'invalid_type') return '…';
  if (issue.expected === 'object') return `{${Object.keys(fieldsAt(root, issue.path)).join(', ')}}`;
  return `<${TYPE_WORDS[issue.expected] ?? issue.expected}>`;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
};

function wrongType(root: z.ZodType, value: unknown, issue: z.core.$ZodIssueInvalidType): string {
  const { expected } = issue;
  if (expected === 'object') {
    const fields = Object.keys(fieldsAt(root, issue.path)).join(', ');
    return `expected a section with the fields ${fields}; got ${show(value)}.`;
  }
  return `expected ${TYPE_WORDS[expected] ?? expected}, got ${show(value)}.${quoting(expected, value)}`;
}

/** Told from the kind that was probably meant: the one with the fewest faults, those of another type last. */
function wrongKind(root: z.ZodType, value: unknown, issue: z.core.$ZodIssueInvalidUnion): string {
  const otherType = (issues: readonly Issue[]): number =>
    issues.some(({ code, path }) => path.length === 0 && code === 'invalid_type') ? 1 : 0;
  const otherName = (issues: readonly Issue[]): number =>
    issues.some(({ code, path }) => path.length > 0 && code === 'invalid_value' && path[0] === 'name') ? 1 : 0;
  const rank = (issues: readonly Issue[]): number =>
    otherType(issues) * 1_000 + otherName(issues) * 100 + issues.length;
  const [likely = []] = [...issue.errors].sort((one, other) => rank(one) - rank(other));
  const [first] = likely;
  if (first === undefined) return `${show(value)} is not allowed here.`;
  if (first.code === 'unrecognized_keys') return `${first.keys.join(', ')}: unknown field.`;
  const place = first.path.length === 0 ? '' : `${first.path.join('.')}: `;
  return `${place}${describe(root, valueAt(value, first.path), first)}`;
}

function quoting(expected: string, value: unknown): string {
  const numeric = typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
  if (numeric && (expected === 'number' || expected === 'int')) return ' Write it without quotes.';
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    return ` Write it in quotes: "${value}".`;
  }
  return '';
}

function wrongChoice(value: unknown, choices: readonly string[]): string {
  const meant = typeof value === 'string' ? nearest(value, choices) : undefined;
  const remedy = meant === undefined ? '' : ` Did you mean "${meant}"?`;
  return `expected one of ${choices.join(', ')}; got ${show(value)}.${remedy}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}

/** A value is shown so that it is found again, not read. */
const LONGEST_SHOWN = 200;

function show(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a section';
  return typeof value === 'string' ? `the text "${cutText(value, LONGEST_SHOWN)}"` : JSON.stringify(value);
}
