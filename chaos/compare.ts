/** Two pieces of evidence side by side: what is equal, and where the first difference is. Pure. */

export interface Comparison {
  readonly name: string;
  readonly equal: boolean;
  /** Where they differ first; how much there was to compare, where they do not. */
  readonly detail: string;
}

/** Compares field by field; both sides must have the same fields. */
export function compare<Evidence extends object>(undisturbed: Evidence, disturbed: Evidence): Comparison[] {
  const fields = Object.entries(undisturbed) as [keyof Evidence & string, unknown][];
  return fields.map(([name, expected]) => {
    const difference = firstDifference(expected, disturbed[name], '');
    return difference === undefined
      ? { name, equal: true, detail: countOf(expected) }
      : { name, equal: false, detail: difference };
  });
}

function firstDifference(expected: unknown, found: unknown, path: string): string | undefined {
  if (isContainer(expected) && isContainer(found)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(found)]);
    for (const key of keys) {
      const difference = firstDifference(entry(expected, key), entry(found, key), `${path}[${key}]`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  return Object.is(expected, found) ? undefined : `${path}: ${text(expected)} undisturbed, ${text(found)} disturbed`;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function entry(container: object, key: string): unknown {
  return (container as Record<string, unknown>)[key];
}

function countOf(value: unknown): string {
  const rows = Array.isArray(value) && value.every((row) => Array.isArray(row)) ? value.length : 1;
  return rows === 1 ? '1 value' : `${rows} rows`;
}

function text(value: unknown): string {
  const json = JSON.stringify(value) ?? 'nothing';
  return json.length > 60 ? `${json.slice(0, 60)}…` : json;
}
