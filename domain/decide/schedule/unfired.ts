/** Which times of a schedule came and went without a firing, and why. Pure. */
import type { Overlap } from '../../spec/schedule-spec.ts';

interface Fired {
  readonly nominalMs: number;
  /** Absent: it never began. */
  readonly firedMs?: number;
  /** Absent: it goes on. */
  readonly endedMs?: number;
  readonly subject?: string;
}

export interface Unfired {
  readonly atMs: number;
  readonly state: 'skipped' | 'missed';
  readonly reason: string;
}

/** A run that began within a second of the time before it was seen by it. */
const CLOCKS_MS = 1_000;

/** `due`: with their jitter, each later than its time without by `jitterMs` at most. */
export function unfired({
  due,
  fired,
  overlap,
  jitterMs,
  catchUp,
}: {
  due: readonly number[];
  fired: readonly Fired[];
  overlap: Overlap;
  jitterMs: number;
  catchUp: string;
}): Unfired[] {
  const known = fired.map(({ nominalMs }) => nominalMs);
  return due
    .filter((at) => !known.some((nominal) => nominal <= at && at - nominal <= jitterMs))
    .map((atMs) => {
      const other = overlap === 'allow' ? undefined : fired.find((one) => wentOnAt(one, atMs));
      if (other === undefined) return { atMs, state: 'missed', reason: missedText(catchUp) };
      const subject = other.subject ?? 'an earlier firing';
      return { atMs, state: 'skipped', reason: `${subject} (due ${isoText(other.nominalMs)}) still went on` };
    });
}

function wentOnAt({ nominalMs, firedMs, endedMs }: Fired, atMs: number): boolean {
  return (
    nominalMs < atMs &&
    firedMs !== undefined &&
    firedMs <= atMs + CLOCKS_MS &&
    (endedMs === undefined || endedMs > atMs)
  );
}

function missedText(catchUp: string): string {
  return `Temporal was away then, and came back later than catchUp (${catchUp}); pawl schedule backfill makes up for it`;
}

function isoText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
