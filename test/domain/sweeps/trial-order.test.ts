/** The order in which a sweep hears its trials: the same whenever, and in whatever order, they tell it. */
import { describe, expect, test } from '@jest/globals';
import { heldUpBy, nextEvent, type LiveTrial } from '../../../domain/decide/trial-order.ts';
import type { ToldCheckpoint } from '../../../domain/words/sweep-workflow.ts';

function trial(number: number, changes: Partial<LiveTrial> = {}): LiveTrial {
  const base = { number, runId: `t${number}`, beganAt: 0, workPerStep: 8, every: 10, steps: 30 };
  return { ...base, heardStep: -1, told: [], ...changes };
}

const told = (step: number, last = false): ToldCheckpoint => ({ step, last });

describe('what is heard next', () => {
  test('waits for an older trial that may be at the same step, and not for a younger one', () => {
    const ahead = trial(1, { told: [told(0)] });
    expect(nextEvent([trial(0), ahead])).toBeUndefined();
    expect(heldUpBy([trial(0), ahead]).map(({ number }) => number)).toEqual([0]);
    const older = trial(0, { told: [told(0)] });
    expect(nextEvent([older, trial(1)])).toMatchObject({ trial: { number: 0 }, at: 0 });
  });

  test('is told in examples, so that a larger batch is no later for it', () => {
    const small = trial(0, { heardStep: 0, told: [told(10)] });
    const large = trial(1, { heardStep: 0, workPerStep: 16, told: [told(10)] });
    expect(nextEvent([large, small])).toMatchObject({ trial: { number: 0 }, at: 80 });
    // The small one is at 160 by its next checkpoint, as the large one is now: the older comes first.
    const later = trial(0, { heardStep: 10, told: [] });
    expect(nextEvent([large, later])).toBeUndefined();
    expect(nextEvent([large, { ...later, told: [told(20)] }])).toMatchObject({ trial: { number: 0 }, at: 160 });
  });

  test('does not wait for who is late, nor for who is over', () => {
    const ahead = trial(1, { heardStep: 0, told: [told(10)] });
    expect(nextEvent([trial(0), ahead])).toBeUndefined();
    expect(nextEvent([trial(0, { late: true }), ahead])).toMatchObject({ trial: { number: 1 } });
    const ended = { number: 0, outcome: 'failed' as const, reason: 'no', step: 4 };
    expect(nextEvent([trial(0, { ended }), ahead])).toMatchObject({ kind: 'end', trial: { number: 0 }, at: 32 });
  });

  test('is the same sequence for every way in which the same scores arrive', () => {
    // Three trials, two of them at a time from the beginning, and one that begins where the first one ended.
    const begins = [
      { number: 0, beganAt: 0, workPerStep: 8 },
      { number: 1, beganAt: 0, workPerStep: 12 },
      { number: 2, beganAt: 100, workPerStep: 8 },
    ];
    const steps = [0, 10, 20, 30];
    const arrivals = begins.flatMap(({ number }) => steps.map((step) => ({ number, step })));
    const orders = [arrivals, bySteps(arrivals), [...arrivals].sort((a, b) => b.number - a.number || a.step - b.step)];
    const heard = orders.map((order) =>
      hearAll(
        begins.map((begin) => trial(begin.number, begin)),
        order,
      ),
    );
    expect(heard[0]).toHaveLength(12);
    expect(heard[1]).toEqual(heard[0]);
    expect(heard[2]).toEqual(heard[0]);
    const clocks = heard[0]?.map((text) => Number(text.split('@')[1])) ?? [];
    expect(clocks).toEqual([...clocks].sort((a, b) => a - b));
  });
});

interface Arrival {
  readonly number: number;
  readonly step: number;
}

function bySteps(arrivals: readonly Arrival[]): Arrival[] {
  return [...arrivals].sort((a, b) => a.step - b.step || b.number - a.number);
}

/** What a sweep hears, as each arrives. */
function hearAll(trials: readonly LiveTrial[], arrivals: readonly Arrival[]): string[] {
  let live = trials;
  const heard: string[] = [];
  for (const { number, step } of arrivals) {
    live = live.map((one) => (one.number === number ? { ...one, told: [...one.told, told(step, step === 30)] } : one));
    for (let event = nextEvent(live); event?.kind === 'checkpoint'; event = nextEvent(live)) {
      const { trial: of, told: said, at } = event;
      heard.push(`${of.number}/${said.step}@${at}`);
      live = live.flatMap((one) => {
        if (one.number !== of.number) return [one];
        return said.last ? [] : [{ ...one, heardStep: said.step, told: one.told.slice(1) }];
      });
    }
  }
  return heard;
}
