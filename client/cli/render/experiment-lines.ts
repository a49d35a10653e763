/** An experiment as one would write it: what its defaults say by themselves left out. Pure. */
import { stringify } from 'yaml';
import { RunSpec } from '../../../domain/spec/spec.ts';
import { fieldChanges } from '../../../domain/spec/spec-changes.ts';

export function experimentText(spec: RunSpec): string {
  return stringify(withoutDefaults(spec), { lineWidth: 0 }).trimEnd();
}

/** Takes away whatever comes back by itself, sections first. */
function withoutDefaults(spec: RunSpec): unknown {
  let kept: unknown = spec;
  for (const path of pathsIn('', spec)) {
    const less = without(kept, path.split('.'));
    const parsed = RunSpec.safeParse(less);
    if (parsed.success && fieldChanges(parsed.data, spec).length === 0) kept = less;
  }
  return kept;
}

function without(value: unknown, [key = '', ...rest]: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { [key]: inner, ...others } = value as Record<string, unknown>;
  return rest.length === 0 || inner === undefined ? others : { ...value, [key]: without(inner, rest) };
}

/** A section before its fields. */
function pathsIn(path: string, value: unknown): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return path === '' ? [] : [path];
  const inner = Object.entries(value).flatMap(([key, field]) => pathsIn(path === '' ? key : `${path}.${key}`, field));
  return path === '' ? inner : [path, ...inner];
}
