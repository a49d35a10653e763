/** How often a machine that is waited for is looked at: soon at first, rarely after hours. Pure. */
import type { WaitsFor } from '../words/run.ts';

/** Capacity is freed by others, and takes them a while; a machine that is there already is ready any moment. */
const SOON_MS: Partial<Record<WaitsFor['what'], number>> = { readiness: 250, access: 500 };

interface Rhythm {
  readonly untilMs: number;
  readonly everyMs: number;
}

const STEPS: readonly Rhythm[] = [
  { untilMs: 60_000, everyMs: 2_000 },
  { untilMs: 10 * 60_000, everyMs: 5_000 },
  { untilMs: 2 * 3_600_000, everyMs: 30_000 },
];

/** Whoever waits for capacity is seldom alone. */
const CAPACITY_STEPS: readonly Rhythm[] = [
  { untilMs: 20_000, everyMs: 2_000 },
  { untilMs: 2 * 60_000, everyMs: 10_000 },
  { untilMs: 2 * 3_600_000, everyMs: 60_000 },
];

/** Two thousand runs that wait for days ask the platform about seventeen times a second, all together. */
const RARELY_MS = 120_000;

export function pollMs(waitedMs: number, what: WaitsFor['what'] = 'readiness'): number {
  const soon = SOON_MS[what];
  if (soon !== undefined && waitedMs < 2_000) return soon;
  const steps = what === 'capacity' ? CAPACITY_STEPS : STEPS;
  return steps.find(({ untilMs }) => waitedMs < untilMs)?.everyMs ?? RARELY_MS;
}
