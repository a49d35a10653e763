/** Costs of runs: what was rented, what of it had no use, and sums by currency. */
import { expect, test } from '@jest/globals';
import { addedUp, costsOf, type CostedRun } from '../../domain/decide/costs.ts';

const at = (minute: number): string => new Date(Date.parse('2026-11-27T23:00:00Z') + minute * 60_000).toISOString();
const nowMs = Date.parse(at(180));

const RUN: CostedRun = {
  spec: {
    prices: { trainerPerHour: 10, replicaPerHour: 3, currency: 'USD' },
    deployment: { replicas: 2 } as CostedRun['spec']['deployment'],
  },
  // The trainer is lost for half an hour; the deployment serves on, and is not returned yet.
  leases: [
    { kind: 'trainer', plannedAt: at(0), releasedAt: at(60) },
    { kind: 'trainer', plannedAt: at(90), releasedAt: at(120) },
    { kind: 'deployment', plannedAt: at(30) },
  ],
  rewinds: [{ seconds: 360, cost: 1.6 }],
  stopped: false,
};

test('a deployment is alone where its run has no trainer', () => {
  const costs = costsOf(RUN, { nowMs });
  expect(costs).toMatchObject({ trainerHours: 1.5, deploymentHours: 2.5, aloneHours: 1.5, aloneCost: 9 });
  expect(costs.cost).toBeCloseTo(1.5 * 10 + 2.5 * 6);
  expect(costs).toMatchObject({ rewoundHours: 0.1, rewoundCost: 1.6, stoppedCost: 0 });
  expect(costsOf({ ...RUN, stopped: true }, { nowMs }).stoppedCost).toBe(costs.cost);
});

test('days are parts of the whole', () => {
  const midnight = Date.parse('2026-11-28T00:00:00Z');
  const [before, after] = [
    costsOf(RUN, { nowMs, within: { fromMs: 0, untilMs: midnight } }),
    costsOf(RUN, { nowMs, within: { fromMs: midnight, untilMs: nowMs } }),
  ];
  expect(before).toMatchObject({ trainerHours: 1, deploymentHours: 0.5, aloneHours: 0 });
  const whole = costsOf(RUN, { nowMs });
  for (const key of ['trainerHours', 'deploymentHours', 'cost', 'aloneHours', 'aloneCost'] as const) {
    expect(before[key] + after[key]).toBeCloseTo(whole[key]);
  }
});

test('currencies are sums of their own', () => {
  const euros = { ...RUN, spec: { ...RUN.spec, prices: { ...RUN.spec.prices, currency: 'EUR' } } };
  const sums = addedUp([RUN, euros, RUN].map((run) => costsOf(run, { nowMs })));
  expect(sums.map(({ currency, runs, cost }) => [currency, runs, cost])).toEqual([
    ['USD', 2, 60],
    ['EUR', 1, 30],
  ]);
});
