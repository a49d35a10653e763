/** How often a machine that is waited for is looked at: soon at first, rarely after hours. Pure. */

const STEPS = [
  { untilMs: 2_000, everyMs: 250 },
  { untilMs: 60_000, everyMs: 2_000 },
  { untilMs: 10 * 60_000, everyMs: 5_000 },
  { untilMs: 2 * 3_600_000, everyMs: 30_000 },
] as const;

/** Two thousand runs that wait for days ask the platform about seventeen times a second, all together. */
const RARELY_MS = 120_000;

export function pollMs(waitedMs: number): number {
  return STEPS.find(({ untilMs }) => waitedMs < untilMs)?.everyMs ?? RARELY_MS;
}
