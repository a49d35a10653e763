import { describe, expect, test } from '@jest/globals';
import { stepsToCheckpoint, windowSteps } from '../../domain/decide/windows.ts';

const run = { step: 0, steps: 105, checkpointEvery: 50 };

describe('windows', () => {
  test('a single step while the pace is unknown', () => {
    expect(windowSteps(run)).toBe(1);
  });

  test("about ten seconds' worth of steps", () => {
    expect(windowSteps({ ...run, step: 1, secondsPerStep: 0.5 })).toBe(20);
  });

  test('a single step when steps are longer than a window', () => {
    expect(windowSteps({ ...run, step: 1, secondsPerStep: 60 })).toBe(1);
  });

  test('never past a checkpoint', () => {
    expect(windowSteps({ ...run, step: 45, secondsPerStep: 0.5 })).toBe(5);
  });

  test('never past the last step', () => {
    expect(windowSteps({ ...run, step: 100, secondsPerStep: 0.5 })).toBe(5);
  });

  test("the spec's own length, up to the checkpoint", () => {
    expect(windowSteps({ ...run, secondsPerStep: 0.001, windowSteps: 7 })).toBe(7);
    expect(windowSteps({ ...run, step: 48, secondsPerStep: 0.001, windowSteps: 7 })).toBe(2);
  });

  test('every window together trains every step once', () => {
    const starts: number[] = [];
    let step = 0;
    while (step < run.steps) {
      starts.push(step);
      step += windowSteps({ ...run, step, secondsPerStep: 0.7 });
    }
    expect(step).toBe(run.steps);
    expect(starts).toEqual([0, 14, 28, 42, 50, 64, 78, 92, 100]);
  });

  test('a checkpoint is due at every multiple and at the end', () => {
    expect(stepsToCheckpoint(run)).toBe(50);
    expect(stepsToCheckpoint({ ...run, step: 50 })).toBe(50);
    expect(stepsToCheckpoint({ ...run, step: 100 })).toBe(5);
  });
});
