import { describe, expect, test } from '@jest/globals';
import { OPTIONS } from '../../workflows/activities.ts';

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DAY_MS = 86_400_000;

/** `5m`, as the table writes it; endless where nothing is said. */
function milliseconds(duration: unknown): number {
  if (duration === undefined) return Infinity;
  const [, count, unit = ''] = /^(\d+)(ms|s|m|h|d)$/.exec(typeof duration === 'string' ? duration : '') ?? [];
  return Number(count) * (UNITS_MS[unit] ?? Number.NaN);
}

describe('an activity of a run', () => {
  // `plan` rents nothing, and is to fail soon; what is released is tried for ever.
  const patient = Object.entries(OPTIONS).filter(([, { retry }]) => retry?.maximumAttempts === undefined);

  test.each(patient)('%s is still tried when pawl was away for a day', (_, { scheduleToCloseTimeout }) => {
    expect(milliseconds(scheduleToCloseTimeout)).toBeGreaterThan(2 * DAY_MS);
  });

  test.each(Object.entries(OPTIONS))('%s is missed within seconds when its worker dies', (name, options) => {
    // Planning takes all cores, and nothing is rented that would wait for it.
    expect(milliseconds(options.heartbeatTimeout)).toBeLessThanOrEqual(name === 'plan' ? 30_000 : 5_000);
  });
});
