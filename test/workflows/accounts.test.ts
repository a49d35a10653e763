/** Runs that draw on a named budget, and budgets that are changed while a run goes on. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { budgetSignal } from '../../workflows/run/messages.ts';
import { temporaryFolder } from '../local/support.ts';
import { Answering, experiment } from './answering.ts';
import { PLAN, type Platform } from './platform-that-answers.ts';

const folder = temporaryFolder();
let runs: Answering;

beforeAll(async () => {
  runs = await Answering.open(folder, { skipping: true });
}, 600_000);

afterAll(async () => {
  await runs.close();
}, 300_000);

const REFUSED = { kind: 'refused', reason: 'budget.account team-a: 80 per month is used up', untilMs: 0 } as const;
const OURS = experiment({ budget: { account: 'team-a' } });

function messages(platform: Platform): (string | undefined)[] {
  return platform.records.map(({ awaitsBudget }) => awaitsBudget?.reason).filter((reason) => reason !== undefined);
}

describe('a run that draws on a named budget', () => {
  test('rents nothing while there is nothing left, says so once, and goes on when there is', async () => {
    const run = await runs.start(OURS, (platform) => {
      platform.answers.reserveRent = () =>
        platform.count('reserveRent') > 3 ? { kind: 'granted', leftMs: 9e5 } : REFUSED;
      platform.answers.createTrainer = () => {
        expect(platform.count('reserveRent')).toBeGreaterThan(3);
      };
    });
    const report = await run.report();
    expect(report).toMatchObject({ outcome: 'finished', steps: 20 });
    expect(messages(run.platform)).toEqual([REFUSED.reason]);
    expect(run.platform.inputs('reserveRent')[0]).toMatchObject({ account: 'team-a', costPerHour: PLAN.costPerHour });
    expect(run.platform.rented()).toEqual([]);
  }, 300_000);

  test('that is stopped while it waits ends with nothing rented', async () => {
    const run = await runs.start(OURS, (platform) => {
      platform.answers.reserveRent = () => REFUSED;
    });
    await run.until(({ waitsFor }) => waitsFor?.what === 'budget');
    await run.handle.signal('stop', { reason: 'enough' });
    const report = await run.report();
    expect(report.reason).toContain('enough');
    expect(run.platform.count('createTrainer')).toBe(0);
  }, 300_000);

  test('ends in good order once nothing is left: evaluated, and everything returned', async () => {
    const run = await runs.start(OURS, (platform) => {
      // The first two are what it rents by; the third comes due while it trains.
      platform.answers.reserveRent = () =>
        platform.count('reserveRent') > 2 ? REFUSED : { kind: 'granted', leftMs: 1_000 };
      platform.answers.trainWindow = async ({ steps }) => {
        await new Promise((resolve) => setTimeout(resolve, 400));
        return { tokens: steps, secondsPerStep: 0.1, lossMean: 1, maxLossMean: 1 };
      };
    });
    const report = await run.report();
    expect(report.reason).toContain(REFUSED.reason);
    expect(report.steps).toBeLessThan(20);
    expect(report.last?.evaluation?.score).toBe(0.1);
    expect(run.platform.rented()).toEqual([]);
  }, 300_000);
});

test('a budget that is raised in time lets a run go on, and is on record', async () => {
  const budget = { maxTokens: 1e9, maxHours: 0.0005 };
  const at = '2026-11-28T10:00:00.000Z';
  let raise: () => Promise<void> = async () => undefined;
  const run = await runs.start(experiment({ budget }), (platform) => {
    platform.answers.trainWindow = async ({ steps, fromStep }) => {
      if (fromStep === 1) await raise();
      return { tokens: steps, secondsPerStep: 0.001, lossMean: 1, maxLossMean: 1 };
    };
    platform.answers.createTrainer = async () => {
      await raise();
    };
  });
  raise = async () => run.handle.signal(budgetSignal, { maxHours: 5, by: 'ada@host', at });
  await run.handle.signal(budgetSignal, { maxHours: 5, by: 'ada@host', at });
  expect(await run.report()).toMatchObject({ outcome: 'finished', steps: 20 });
  expect(run.platform.records.flatMap(({ budgetChanges = [] }) => budgetChanges)[0]).toEqual({
    maxHours: 5,
    by: 'ada@host',
    at,
  });
}, 300_000);
