/** The one place where values become columns and columns values: JSON, numbers that are not finite, absent fields. */

/**
 * A column of measurements. SQLite would store NaN as NULL, silently; a run that diverges is exactly the one whose
 * numbers must survive, so NaN and ±Infinity are stored as those words (which PostgreSQL's float8 understands too).
 */
export type Measure = number | string;

export function toMeasure(value: number): Measure {
  return Number.isFinite(value) ? value : String(value);
}

export function fromMeasure(value: Measure): number {
  return Number(value);
}

export function toJson(value: object): string {
  return JSON.stringify(value);
}

/** Only for columns this store wrote: the caller knows the type of what went in. */
export function fromJson(text: string): unknown {
  return JSON.parse(text);
}

/** As JSON, with numbers that are not finite: for what is computed, and may be anything. */
export function toMeasuresJson(value: object): string {
  return JSON.stringify(value, (_, field: unknown) =>
    typeof field === 'number' && !Number.isFinite(field) ? String(field) : field,
  );
}

export function fromMeasuresJson(text: string): unknown {
  // Asked for each of its fields, it takes ten times as long.
  if (!/NaN|Infinity/.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_, field: unknown) => (NOT_FINITE.has(field) ? Number(field) : field));
}

const NOT_FINITE: ReadonlySet<unknown> = new Set(['NaN', 'Infinity', '-Infinity']);

type NullableKey<Row> = { [K in keyof Row]: null extends Row[K] ? K : never }[keyof Row];

/** A row as the domain has it: what is NULL in SQL is absent. */
export type Present<Row> = { [K in Exclude<keyof Row, NullableKey<Row>>]: Row[K] } & {
  [K in NullableKey<Row>]?: Exclude<Row[K], null>;
};

export function present<Row extends object>(row: Row): Present<Row> {
  const found: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(row)) if (value !== null) found[field] = value;
  return found as Present<Row>;
}

export function now(): string {
  return new Date().toISOString();
}
