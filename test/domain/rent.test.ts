/** What machines came to, by the hour and by price. */
import { expect, test } from '@jest/globals';
import { rentOf } from '../../domain/decide/rent.ts';

const HOUR_MS = 3_600_000;
const at = (hour: number): string => new Date(hour * HOUR_MS).toISOString();
const prices = { trainerPerHour: 10, replicaPerHour: 2, currency: 'USD' };
const deployment = { replicas: 3, onFinish: 'delete' as const };

test('is from planning to return, for what is still rented until now, for what was kept until then', () => {
  const machines = [
    { kind: 'trainer' as const, plannedAt: at(0), releasedAt: at(2) },
    { kind: 'trainer' as const, plannedAt: at(5) },
    { kind: 'deployment' as const, plannedAt: at(1), keptAt: at(2) },
  ];
  expect(rentOf(machines, { prices, deployment }, 6 * HOUR_MS)).toEqual({ hours: 3, cost: 3 * 10 + 1 * 3 * 2 });
});

test('is nothing for nothing, and for what a clock that was set back planned in the future', () => {
  expect(rentOf([], { prices, deployment }, 0)).toEqual({ hours: 0, cost: 0 });
  const later = [{ kind: 'trainer' as const, plannedAt: at(5) }];
  expect(rentOf(later, { prices, deployment }, HOUR_MS)).toEqual({ hours: 0, cost: 0 });
});
