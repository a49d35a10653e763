/** What a person's word on a promotion counts, in time and after. */
import { describe, expect, test } from '@jest/globals';
import { answerOf, deadlineOf } from '../../domain/decide/approval.ts';
import { spanText } from '../../domain/words/durations.ts';

const ASKED = '2026-11-27T10:00:00.000Z';
const question = { askedMs: Date.parse(ASKED), expiresHours: 15 / 3_600 };

const said = (at: string, approved = true) => ({ promotionId: 'prod-1', approved, by: 'ada', at });

describe('an approval', () => {
  test('in time counts, to the last moment', () => {
    expect(deadlineOf(question)).toBe(Date.parse('2026-11-27T10:00:15.000Z'));
    const last = said('2026-11-27T10:00:15.000Z');
    expect(answerOf(question, last)).toEqual({ kind: 'approved', decision: last });
  });

  test('after its expiry has expired, whenever a worker comes to see it', () => {
    expect(answerOf(question, said('2026-11-27T10:00:22.000Z'))).toEqual({
      kind: 'expired',
      reason: 'ada approved it at 2026-11-27T10:00:22.000Z, after it had expired at 2026-11-27T10:00:15.000Z (15 s)',
    });
  });

  test('that nobody gives expires, in words and not in thirds of an hour', () => {
    expect(answerOf(question, undefined)).toEqual({ kind: 'expired', reason: 'nobody approved it in 15 s' });
  });
});

test('a rejection counts at any time: it asks for nothing', () => {
  const no = said('2026-11-28T10:00:00.000Z', false);
  expect(answerOf(question, no)).toEqual({ kind: 'rejected', decision: no });
});

test.each([
  [15 / 3_600, '15 s'],
  [0.004166666666666667, '15 s'],
  [1 / 3, '20 m'],
  [0.5, '30 m'],
  [1.5, '1 h 30 m'],
  [24, '24 h'],
  [36, '36 h'],
  [48, '2 d'],
  [168, '7 d'],
  [170.5, '7 d 2 h'],
  [0.00001, '1 s'],
  [2 - 0.2 / 3_600, '2 h'],
])('%d hours are %s', (hours, text) => {
  expect(spanText(hours)).toBe(text);
});
