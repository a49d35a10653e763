/** Turns what the schema rejected into sentences that name what is wrong and the way out. */
import type { z } from 'zod';
import { cutText } from '../../domain/words/outside-text.ts';
import { fieldsAt, nearest, schemaAt } from './schema-keys.ts';

export interface Problem {
  readonly path: readonly PropertyKey[];
  /** Another field that it does not go together with. */
  readonly against?: string;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** One problem per wrong field, in the schema's order. `value` is what was validated. */
export function problemsOf(root: z.ZodType, value: unknown, issues: readonly Issue[]): Problem[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => unknownField(root, issue.path, key, valueAt(value, issue.path)));
    return [{ path: issue.path, message: describe(root, valueAt(value, issue.path), issue) }];
  });
}

/** `value` is the section that has the field. */
function unknownField(root: z.ZodType, section: readonly PropertyKey[], key: string, value: unknown): Problem {
  const path = [...section, key];
  const inside = Object.keys(isSection(value) ? value : {}).find(
    (name) => name !== key && key in fieldsAt(root, [...section, name]),
  );
  if (inside !== undefined) return { path, message: `unknown field here. It belongs under "${inside}".` };
  const known = Object.keys(fieldsAt(root, section)).filter((name) => name !== key);
  const meant = nearest(key, known);
  const remedy = meant === undefined ? `Known here: ${known.join(', ')}.` : `Did you mean "${meant}"?`;
  return { path, message: `unknown field. ${remedy}` };
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
  if (issue.expected === 'object') return sectionExample(fieldsAt(root, issue.path));
  return `<${TYPE_WORDS[issue.expected] ?? issue.expected}>`;
}

/** YAML that can be copied: what the section cannot do without. */
function sectionExample(fields: Readonly<Record<string, z.ZodType>>): string {
  const needed = Object.entries(fields).filter(([, schema]) => !schema.safeParse(undefined).success);
  const pairs = needed.map(
    ([name, schema]) => `${name}: ${EXAMPLES.find((one) => schema.safeParse(parsedExample(one)).success) ?? '…'}`,
  );
  return `{${pairs.join(', ')}}`;
}

/** The first that a field takes is shown; a learning rate is the smallest of usual sizes. */
const EXAMPLES = ['1e-4', '10', 'true', '<text>'] as const;

function parsedExample(text: string): unknown {
  return text === '<text>' ? text : (JSON.parse(text) as unknown);
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
  const nameless = (issues: readonly Issue[]): number =>
    issues.some((one) => one.code === 'unrecognized_keys' && one.path.length === 0 && one.keys.includes('name'))
      ? 1
      : 0;
  const rank = (issues: readonly Issue[]): number =>
    otherType(issues) * 1_000 + otherName(issues) * 100 + nameless(issues) * 200 + issues.length;
  const [likely = []] = [...issue.errors].sort((one, other) => rank(one) - rank(other));
  const [first] = likely;
  if (first === undefined) return `${show(value)} is not allowed here.`;
  if (first.code === 'unrecognized_keys') {
    const section = [...issue.path, ...first.path];
    return first.keys
      .map((key) => `${key}: ${unknownField(root, section, key, valueAt(value, first.path)).message}`)
      .join(' ');
  }
  if (typeof value === 'string' && likely.every(({ code }) => code === 'invalid_type')) {
    const sections = namesWithin(root, issue.path);
    if (sections.length > 0) return bareName(value, sections);
  }
  if (first.code === 'invalid_value' && first.path.length === 1 && first.path[0] === 'name') {
    return `name: ${wrongChoice(valueAt(value, first.path), namesWithin(root, issue.path))}`;
  }
  const place = first.path.length === 0 ? '' : `${first.path.join('.')}: `;
  // What is inside knows its place in the section, the schema its place in the experiment.
  const inner = { ...first, path: [...issue.path, ...first.path] };
  return `${place}${describe(root, valueAt(value, first.path), inner)}`;
}

/** The names that a section with a `name` may have. */
function namesWithin(root: z.ZodType, path: readonly PropertyKey[]): string[] {
  const found = schemaAt(root, path)?.safeParse({ name: '' });
  const issues = found?.error?.issues ?? [];
  const inner = issues.flatMap((issue) => (issue.code === 'invalid_union' ? issue.errors.flat() : [issue]));
  return inner.flatMap((issue) =>
    issue.code === 'invalid_value' && issue.path.at(-1) === 'name' ? issue.values.map(String) : [],
  );
}

function bareName(value: string, names: readonly string[]): string {
  const meant = nearest(value, names);
  const remedy = meant === undefined ? '' : ` Write {name: ${meant}};`;
  return `${show(value)} is no section.${remedy} there are ${names.join(', ')}, and code of your own.`;
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

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
