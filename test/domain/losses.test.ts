import { describe, expect, test } from '@jest/globals';
import { rentedMs, started, stopped, STOPPED_CLOCK } from '../../domain/decide/clock.ts';
import { judgeRewinds, NO_LOSSES, spentOnLostWindow, withRewind } from '../../domain/decide/losses.ts';
import { pollMs } from '../../domain/decide/patience.ts';

const RECOVERY = { maxRewinds: 3, maxLostHours: 1, parkHours: 1 };
const WEEK_MS = 7 * 86_400_000;

describe('a lost window', () => {
  test('costs no longer than such a window takes, however long nobody was there', () => {
    expect(spentOnLostWindow({ sinceMs: WEEK_MS, steps: 5, secondsPerStep: 2 })).toBe(10_000);
    expect(spentOnLostWindow({ sinceMs: WEEK_MS, steps: 1 })).toBe(10_000);
    expect(spentOnLostWindow({ sinceMs: 1_000, steps: 5, secondsPerStep: 2 })).toBe(1_000);
  });
});

describe('rewinds', () => {
  test('that each came further are never too many; those that led nowhere are', () => {
    let losses = NO_LOSSES;
    for (let week = 1; week <= 21; week++) losses = withRewind(losses, { toStep: week * 100, seconds: 60 });
    expect(losses.rewinds).toBe(21);
    expect(judgeRewinds(RECOVERY, losses)).toBeUndefined();
    for (let again = 1; again <= 3; again++) losses = withRewind(losses, { toStep: 2_100, seconds: 1 });
    expect(judgeRewinds(RECOVERY, losses)).toContain('recovery.maxRewinds of 3 is used up');
  });

  test('that cost more than was allowed end a run, wherever they led', () => {
    const losses = withRewind(withRewind(NO_LOSSES, { toStep: 0, seconds: 1_800 }), { toStep: 9, seconds: 1_801 });
    expect(judgeRewinds(RECOVERY, losses)).toContain('recovery.maxLostHours of 1 is used up');
  });
});

describe('the clock', () => {
  test('runs while something is rented, and keeps what it counted', () => {
    const first = started(STOPPED_CLOCK, 1_000);
    expect(started(first, 5_000)).toBe(first);
    const rest = stopped(first, 4_000);
    expect(rentedMs(rest, 1_000_000)).toBe(3_000);
    expect(rentedMs(started(rest, 10_000), 12_000)).toBe(5_000);
  });
});

test('a machine is looked at within a second at first, and every two minutes after hours', () => {
  expect(pollMs(0)).toBeLessThan(1_000);
  expect(pollMs(0, 'capacity')).toBeGreaterThan(1_000);
  expect(pollMs(3 * 3_600_000)).toBe(120_000);
  // Two thousand that wait ask some thirty times a second once the first minutes are over.
  expect(2_000 / (pollMs(5 * 60_000, 'capacity') / 1000)).toBeLessThan(40);
});
