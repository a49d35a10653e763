/** Durations, days and clocks of time zones as people write them. Pure: what time it is, is told. */

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `30m`, `6h`, `1.5d`, also one after the other (`1h30m`); undefined: none, or no time at all. */
export function durationMs(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*([smhd])\s*/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined;
  const ms = parts.reduce((sum, [, number, unit]) => sum + Number(number) * (UNITS[unit ?? ''] ?? 0), 0);
  return ms > 0 ? Math.round(ms) : undefined;
}

export function isZone(name: string): boolean {
  try {
    // Offsets are understood here, and not by Temporal.
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '' && !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

/** What the clocks of a zone say: `2026-11-28 03:00:00`. */
export function localText(ms: number, timeZone: string): string {
  const { year, month, day, hour, minute, second } = Object.fromEntries(
    new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  ) as Record<string, string>;
  return `${year}-${month}-${day} ${hour}:${minute}:${second}`;
}

/** When a day begins in a zone, or the time that was written with its offset. */
export function timeOf(text: string, timeZone: string): number {
  if (text.includes('T')) return Date.parse(text);
  const asUtc = Date.parse(`${text}T00:00:00Z`);
  const offsetAt = (ms: number): number => Date.parse(`${localText(ms, timeZone).replace(' ', 'T')}Z`) - ms;
  // The first guess may lie on the other side of a change of clocks.
  return asUtc - offsetAt(asUtc - offsetAt(asUtc));
}

/** What may stand in the values of `set`. */
export const PLACEHOLDERS = ['{date}', '{yesterday}', '{month}', '{time}', '{name}'] as const;

const PLACEHOLDER = /\{[a-z]+\}/g;
const DAY_MS = 86_400_000;

export function strangePlaceholders(value: unknown): string[] {
  return placeholdersIn(value).filter((name) => !(PLACEHOLDERS as readonly string[]).includes(name));
}

export function hasPlaceholders(value: unknown): boolean {
  return placeholdersIn(value).length > 0;
}

function placeholdersIn(value: unknown): string[] {
  if (typeof value === 'string') return value.match(PLACEHOLDER) ?? [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(placeholdersIn);
}

/** The value with its placeholders replaced, by the clocks of the schedule's zone at the time that it was due. */
export function filledIn(value: unknown, at: { nominalMs: number; timeZone: string; name: string }): unknown {
  if (typeof value === 'string') return value.replace(PLACEHOLDER, (found) => wordsOf(at)[found] ?? found);
  if (Array.isArray(value)) return value.map((item) => filledIn(item, at));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filledIn(inner, at)]));
}

function wordsOf({
  nominalMs,
  timeZone,
  name,
}: {
  nominalMs: number;
  timeZone: string;
  name: string;
}): Record<string, string> {
  const [date = '', time = ''] = localText(nominalMs, timeZone).split(' ');
  const yesterday = new Date(Date.parse(date) - DAY_MS).toISOString().slice(0, date.length);
  return {
    '{date}': date,
    '{yesterday}': yesterday,
    '{month}': date.slice(0, 'YYYY-MM'.length),
    '{time}': time.slice(0, 'hh:mm'.length).replace(':', '-'),
    '{name}': name,
  };
}
