import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { learningRate } from '../../activities/data/learning-rate.ts';
import type { PinnedStart } from '../../domain/words/start-from.ts';
import { setUpdate } from '../../workflows/run/messages.ts';
import { temporaryFolder } from '../local/support.ts';
import { Answering, experiment, type Started } from './answering.ts';
import { failure, PLAN, type Platform } from './platform-that-answers.ts';

const folder = temporaryFolder();
let runs: Answering;

beforeAll(async () => {
  runs = await Answering.open(folder, { slots: 10 });
}, 600_000);

afterAll(async () => {
  await runs.close();
}, 300_000);

const RATE = 'train.optimizer.learningRate';
const LONG = {
  train: { steps: 60, batchSize: 4, optimizer: { learningRate: 0.01 }, windowSteps: 5 },
  checkpoint: { every: 20 },
};

function set(run: Started, settings: Record<string, unknown>) {
  return run.handle.executeUpdate(setUpdate, { args: [{ settings, by: 'ada@host' }] });
}

/** Of every step, the rate of each time that it was trained. */
function rates(platform: Platform): [number, number][] {
  return platform
    .inputs('trainWindow')
    .flatMap(({ fromStep, steps, train }) =>
      Array.from({ length: steps }, (_, at): [number, number] => [fromStep + at, learningRate(train, fromStep + at)]),
    );
}

/** The window that begins with step 31, or another one, waits until it is let go. */
function held(platform: Platform, at = 31): { go: () => void } {
  let go = (): void => undefined;
  const gone = new Promise<void>((resolve) => (go = resolve));
  const before = platform.answers.trainWindow;
  platform.answers.trainWindow = async (window) => {
    const { steps, fromStep } = window;
    if (fromStep === at) await gone;
    return before?.(window) ?? { tokens: steps, secondsPerStep: 0.01, lossMean: 1, maxLossMean: 1 };
  };
  return { go };
}

describe('a run that is set another learning rate', () => {
  test('trains with it from its next saved state on, not before, and says so', async () => {
    let hold = { go: (): void => undefined };
    const run = await runs.start(experiment(LONG), (platform) => (hold = held(platform)));
    await run.until(() => run.platform.inputs('trainWindow').some(({ fromStep }) => fromStep === 31));
    const change = { path: RATE, before: 0.01, after: 0.001 };
    expect(await set(run, { 'train.learningRate': 0.001 })).toEqual({ changes: [change], atLatest: 40 });
    expect((await run.status()).asked).toMatchObject([{ ...change, by: 'ada@host' }]);
    expect(await set(run, { [RATE]: 0.001 })).toEqual({ changes: [], atLatest: 40 });
    hold.go();
    await run.report();
    expect(rates(run.platform)).toEqual(Array.from({ length: 60 }, (_, at) => [at + 1, at < 40 ? 0.01 : 0.001]));
    const recorded = run.platform.records.flatMap(({ changes = [] }) => changes);
    expect(recorded).toMatchObject([{ ...change, number: 1, fromStep: 41, by: 'ada@host' }]);
    const { asked, changes } = await run.status();
    expect([asked, changes]).toEqual([undefined, recorded]);
  });

  test('trains with it again whatever is lost behind it, and nothing before', async () => {
    let lost = false;
    let hold = { go: (): void => undefined };
    const run = await runs.start(experiment(LONG), (platform) => {
      hold = held(platform);
      const trained = platform.answers.trainWindow;
      platform.answers.trainWindow = (window) => {
        if (trained !== undefined && (window.fromStep !== 51 || lost)) return trained(window);
        lost = true;
        throw failure('LostTrainer', 'the session is unknown');
      };
    });
    await run.until(() => run.platform.inputs('trainWindow').some(({ fromStep }) => fromStep === 31));
    await set(run, { [RATE]: 0.001 });
    hold.go();
    expect(await run.report()).toMatchObject({ steps: 60 });
    const again = rates(run.platform).filter(([step]) => step > 40);
    // 41 to 50, and the window that was lost, were trained twice.
    expect(again.map(([step]) => step)).toEqual([...steps(41, 55), ...steps(41, 60)]);
    expect(new Set(again.map(([, rate]) => rate))).toEqual(new Set([0.001]));
    expect(run.platform.records.flatMap(({ changes = [] }) => changes)).toHaveLength(1);
  });

  test('while it rests has it when it goes on', async () => {
    const run = await runs.start(experiment(LONG), (platform) => {
      platform.answers.trainWindow = async ({ steps: count }) => {
        await sleep(50);
        return { tokens: count, secondsPerStep: 0.01, lossMean: 1, maxLossMean: 1 };
      };
    });
    await run.until(({ step }) => step > 0);
    await run.handle.signal('pause');
    const { step: rested } = await run.until(({ standing }) => standing === 'paused');
    await set(run, { [RATE]: 0.5 });
    await run.handle.signal('resume');
    await run.report();
    expect(rates(run.platform)).toEqual(steps(1, 60).map((step) => [step, step > rested ? 0.5 : 0.01]));
  });

  test('that it cannot be set refuses, and goes on as it was', async () => {
    let hold = { go: (): void => undefined };
    const run = await runs.start(experiment(LONG), (platform) => (hold = held(platform)));
    await run.until(() => run.platform.inputs('trainWindow').some(({ fromStep }) => fromStep === 31));
    const refused = await set(run, { 'train.seed': 4 }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(WorkflowUpdateFailedError);
    expect((refused as WorkflowUpdateFailedError).cause?.message).toContain(
      `pawl branch ${run.handle.workflowId} --set train.seed=4`,
    );
    hold.go();
    await run.report();
    expect(new Set(rates(run.platform).map(([, rate]) => rate))).toEqual(new Set([0.01]));
  });
});

function steps(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

describe('a run that begins with other weights', () => {
  const startFrom: PinnedStart = { kind: 'adapter', asked: 'alias:prod', model: 'accounts/acc/models/adapter' };

  test('loads them into every new model until it has saved what it began with, and never again', async () => {
    let lost = 0;
    const run = await runs.start(experiment(), (platform) => {
      platform.answers.plan = () => ({ ...PLAN, startFrom });
      // Twice before the first save is done, and once behind it.
      platform.answers.saveState = ({ name, seq }) => {
        if (lost >= 2) return name;
        lost += 1;
        expect(seq).toBe(2);
        throw failure('LostTrainer', 'the session is unknown');
      };
      platform.answers.trainWindow = ({ steps: count, fromStep }) => {
        if (fromStep === 6 && lost === 2) {
          lost += 1;
          throw failure('LostTrainer', 'the session is unknown');
        }
        return { tokens: count, secondsPerStep: 0.01, lossMean: 1, maxLossMean: 1 };
      };
    });
    expect(await run.report()).toMatchObject({ outcome: 'finished', steps: 20 });
    expect(run.platform.inputs('loadStart').map(({ start, seq }) => [start, seq])).toEqual(
      Array.from({ length: 3 }, () => [startFrom, 1]),
    );
    expect(run.platform.inputs('loadState').map(({ path }) => path)).toEqual(['step-000000-g3']);
    expect(run.platform.count('createModel')).toBe(4);
  });
});

describe('a run that continues as new', () => {
  test('keeps the rate that it was set, before it has it and since', async () => {
    // As if a window took as many events as a hundred do.
    await runs.changeWorkflows((code) => {
      const short = code.replace(/(MAX_HISTORY_EVENTS = )(2000|2e3)/, '$160');
      expect(short).not.toBe(code);
      return short;
    });
    const holds = [31, 40, 51].map((at) => ({ at, go: (): void => undefined }));
    const long = { ...LONG, train: { ...LONG.train, windowSteps: 1 } };
    const run = await runs.start(experiment(long), (platform) => {
      for (const hold of holds) hold.go = held(platform, hold.at).go;
    });
    const executions: string[] = [];
    for (const { at, go } of holds) {
      await run.until(() => run.platform.inputs('trainWindow').some(({ fromStep }) => fromStep === at));
      executions.push((await run.handle.describe()).runId);
      if (at === 31) await set(run, { [RATE]: 0.001 });
      go();
    }
    await run.report();
    expect(new Set(executions).size).toBe(holds.length);
    expect(rates(run.platform)).toEqual(steps(1, 60).map((step) => [step, step > 40 ? 0.001 : 0.01]));
    expect(run.platform.records.flatMap(({ changes = [] }) => changes)).toHaveLength(1);
  });
});
