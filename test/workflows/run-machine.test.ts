import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '../local/support.ts';
import { asksMore } from '../replay/exchanged.ts';
import { Answering, experiment } from './answering.ts';
import { failure, hang, PENDING, PLAN, scored, type Platform } from './platform-that-answers.ts';

const folder = temporaryFolder();
let runs: Answering;

beforeAll(async () => {
  runs = await Answering.open(folder, { slots: 10 });
}, 600_000);

afterAll(async () => {
  await runs.close();
}, 300_000);

/** What the later code asks after, which nobody else does. */
const ASKED = 'asked-first';

const ENDLESS = { train: { steps: 1_000_000, batchSize: 4, optimizer: { learningRate: 0.01 }, windowSteps: 5 } };

function waitingForCapacity(platform: Platform): void {
  platform.answers.lookTrainer = () => PENDING;
}

/** Training takes a moment, as it would. */
function slowly(platform: Platform): void {
  platform.answers.trainWindow = async ({ steps }) => {
    await sleep(50);
    return { tokens: steps * 10, secondsPerStep: 0.01, lossMean: 1, maxLossMean: 1 };
  };
}

describe('a run', () => {
  test('goes from plan to end, proves each checkpoint once, and returns what it rented', async () => {
    const { platform, report } = await runs.start(experiment());
    expect(await report()).toMatchObject({ outcome: 'finished', steps: 20, last: { evaluation: { step: 20 } } });
    expect(platform.inputs('evaluate').map(({ checkpoint }) => checkpoint.step)).toEqual([0, 10, 20]);
    expect(platform.rented()).toEqual([]);
  });
});

describe('validation', () => {
  const LOSS = { loss: 1.5, rows: 10, tokens: 50 };
  const validating = (platform: Platform): void => {
    platform.answers.plan = () => ({ ...PLAN, validation: { dataset: 'v'.repeat(64), rows: 10, requests: 3 } });
    platform.answers.measureLoss = ({ step }) => ({ ...LOSS, loss: LOSS.loss - step / 100 });
  };

  test('is measured once a checkpoint, between saving and training, and recorded with it', async () => {
    const { platform, report } = await runs.start(experiment(), validating);
    const { last } = await report();
    expect(last?.checkpoint.validation).toEqual({ ...LOSS, loss: 1.3 });
    const measured = platform.inputs('measureLoss');
    expect(measured.map(({ step }) => step)).toEqual([0, 10, 20]);
    // Three requests each, whose numbers nobody else has.
    const numbers = [
      ...measured.flatMap(({ firstSeq }) => [firstSeq, firstSeq + 1, firstSeq + 2]),
      ...platform.inputs('saveState').map(({ seq }) => seq),
      ...platform.inputs('saveSnapshot').map(({ seq }) => seq),
      ...platform
        .inputs('trainWindow')
        .flatMap(({ firstSeq, steps }) => Array.from({ length: 2 * steps }, (_, at) => firstSeq + at)),
    ].sort((one, other) => one - other);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, at) => at + 1));
    const recorded = platform.records.flatMap(({ checkpoint }) => (checkpoint === undefined ? [] : [checkpoint]));
    expect(recorded.map(({ step, validation }) => [step, validation?.loss])).toEqual([
      [0, 1.5],
      [10, 1.4],
      [20, 1.3],
    ]);
  });

  test('that a lost trainer cuts off is measured anew, of the same weights', async () => {
    let lost = false;
    const { platform, report } = await runs.start(experiment(), (one) => {
      validating(one);
      one.answers.measureLoss = ({ step }) => {
        if (step < 10 || lost) return LOSS;
        lost = true;
        throw failure('LostTrainer', 'the session is unknown');
      };
    });
    expect(await report()).toMatchObject({ outcome: 'finished', steps: 20 });
    expect(platform.inputs('measureLoss').map(({ step, generation }) => [step, generation])).toEqual([
      [0, 1],
      [10, 1],
      [10, 2],
      [20, 2],
    ]);
    const { records } = platform;
    const ten = records.flatMap(({ checkpoint }) => (checkpoint?.step === 10 ? [checkpoint.validation] : []));
    expect(ten).toEqual([LOSS]);
  });
});

describe('a run that waits for capacity', () => {
  test('rents no deployment, says what it waits for, and leaves its budget alone', async () => {
    const run = await runs.start(experiment({ budget: { maxHours: 0.0005 } }), waitingForCapacity);
    const { waitsFor } = await run.until(({ waitsFor: waits }) => waits?.what === 'capacity');
    expect(waitsFor?.said).toBe('JOB_STATE_PENDING: no capacity');
    // Longer than the whole budget.
    await sleep(2_500);
    expect((await run.status()).rentedSinceMs).toBeUndefined();
    expect(run.platform.count('createDeployment')).toBe(0);
    delete run.platform.answers.lookTrainer;
    await run.report();
    expect(run.platform.count('createDeployment')).toBe(1);
    expect(run.platform.rented()).toEqual([]);
  });

  test('ends at once when it is stopped, and evaluates nothing for it', async () => {
    const run = await runs.start(experiment(), waitingForCapacity);
    await run.until(({ waitsFor }) => waitsFor?.what === 'capacity');
    await run.handle.signal('stop', { reason: 'enough' });
    const { reason, last } = await run.report();
    expect(reason).toContain('enough');
    expect(last).toBeUndefined();
    expect(run.platform.count('createModel') + run.platform.count('evaluate')).toBe(0);
    expect(run.platform.rented()).toEqual([]);
  });

  test('rests without machines when it is paused, and rents others when it is resumed', async () => {
    const run = await runs.start(experiment(), waitingForCapacity);
    await run.until(({ waitsFor }) => waitsFor?.what === 'capacity');
    await run.handle.signal('pause');
    await run.until(({ standing }) => standing === 'paused');
    expect(run.platform.rented()).toEqual([]);
    delete run.platform.answers.lookTrainer;
    await run.handle.signal('resume');
    expect(await run.report()).toMatchObject({ steps: 20 });
    expect(run.platform.inputs('createTrainer').map(({ trainerId }) => trainerId.split('-trainer')[1])).toEqual([
      '',
      '-2',
    ]);
  });

  test('holds no slot: fifty that wait do not keep the one that can run from running', async () => {
    const waiting = await Promise.all(
      Array.from({ length: 50 }, async () => runs.start(experiment(), waitingForCapacity)),
    );
    for (const one of waiting) await one.until(({ waitsFor }) => waitsFor?.what === 'capacity');
    const run = await runs.start(experiment());
    expect(await run.report()).toMatchObject({ steps: 20 });
    await Promise.all(waiting.map(async ({ handle }) => handle.signal('stop', { reason: 'enough' })));
    await Promise.all(waiting.map(async (one) => one.report()));
    expect(waiting.flatMap(({ platform }) => platform.rented())).toEqual([]);
  }, 600_000);
});

describe('a stop', () => {
  test('that comes before any worker rents nothing and plans nothing', async () => {
    const spec = experiment();
    const { client } = runs;
    const runId = 'unseen-00000001';
    const handle = await client.workflow.signalWithStart('run', {
      workflowId: runId,
      taskQueue: 'answers',
      args: [{ runId, runHex: '00000001', spec }],
      signal: 'stop',
      signalArgs: [{ reason: 'never mind' }],
    });
    expect(await handle.result()).toMatchObject({ reason: 'never mind', steps: 0 });
  });

  test('of a paused run finishes what was saved and never evaluated, as it says beforehand', async () => {
    const run = await runs.start(experiment(ENDLESS), slowly);
    await run.until(({ step, checkpoint }) => step > 10 && step % 10 !== 0 && checkpoint !== undefined);
    await run.handle.signal('pause');
    const { unevaluatedSteps = 0, saved } = await run.until(({ standing }) => standing === 'paused');
    expect(run.platform.rented()).toEqual([]);
    const evaluatedBefore = run.platform.inputs('evaluate').at(-1)?.checkpoint.step ?? 0;
    expect(saved?.step).toBe(evaluatedBefore + unevaluatedSteps);
    // A checkpoint like any other, for branch and show.
    const recorded = run.platform.records.flatMap(({ checkpoint }) => (checkpoint === undefined ? [] : [checkpoint]));
    if (unevaluatedSteps > 0) expect(recorded.at(-1)).toMatchObject({ step: saved?.step, snapshotType: 'base' });
    await run.handle.signal('stop', { reason: 'enough' });
    const { steps, last } = await run.report();
    expect(steps).toBe(saved?.step);
    expect(last?.evaluation?.step).toBe(steps);
    expect(run.platform.rented()).toEqual([]);
  }, 600_000);

  test('does not wait for ever for an evaluation that hangs: what was evaluated last is the result', async () => {
    const run = await runs.start(experiment(ENDLESS), (platform) => {
      slowly(platform);
      platform.answers.evaluate = (input) =>
        input.checkpoint.step === 0 ? { kind: 'scored', evaluation: scored(input, 0.1) } : hang();
    });
    await run.until(({ waitsFor }) => waitsFor?.what === 'evaluation');
    await run.handle.signal('stop', { reason: 'enough' });
    await run.until(({ standing }) => standing === 'finishing');
    // Of a run that finishes, nobody hears a pause.
    await run.handle.signal('pause');
    expect((await run.status()).pauseRequested).toBe(false);
    await run.handle.cancel();
    await expect(run.report()).rejects.toThrow();
    expect(run.platform.rented()).toEqual([]);
  }, 600_000);
});

describe('a budget', () => {
  test('holds while a proof hangs', async () => {
    const run = await runs.start(experiment({ ...ENDLESS, budget: { maxHours: 4 / 3600 } }), (platform) => {
      slowly(platform);
      platform.answers.evaluate = (input) =>
        input.checkpoint.step === 0 ? { kind: 'scored', evaluation: scored(input, 0.1) } : hang();
    });
    const { reason } = await run.report();
    expect(reason).toContain('budget.maxHours');
    expect(reason).toContain('steps were not evaluated');
    expect(run.platform.rented()).toEqual([]);
  }, 600_000);
});

describe('a failure', () => {
  test('of the key parks the run, which goes on by itself: nothing is skipped', async () => {
    let refused = 0;
    const run = await runs.start(experiment(), (platform) => {
      platform.answers.trainWindow = ({ steps, fromStep }) => {
        if (fromStep === 6 && refused++ === 0) throw failure('Unauthorized', 'answered 403');
        return { tokens: 0, secondsPerStep: 0.001, lossMean: 1, maxLossMean: steps };
      };
    });
    expect(await run.report()).toMatchObject({ outcome: 'finished', steps: 20 });
    expect(run.platform.records.some(({ phase }) => phase === 'parked')).toBe(true);
    expect(run.platform.count('createTrainer')).toBe(1);
    expect(run.platform.rented()).toEqual([]);
  });

  test('of the key that lasts returns the machines, and rents others once it works again', async () => {
    let works = true;
    const run = await runs.start(experiment({ recovery: { parkHours: 0 } }), (platform) => {
      platform.answers.tryAccess = () => {
        if (!works) throw failure('Unauthorized', 'answered 401');
      };
      platform.answers.trainWindow = ({ fromStep }) => {
        if (fromStep === 6 && platform.count('createTrainer') === 1) {
          works = false;
          throw failure('Unauthorized', 'answered 401');
        }
        return { tokens: 0, secondsPerStep: 0.001, lossMean: 1, maxLossMean: 1 };
      };
    });
    const { waitsFor } = await run.until(
      ({ standing, waitsFor: waits }) => standing === 'parked' && waits?.what === 'access',
    );
    expect(waitsFor?.said).toContain('401');
    await run.until(() => run.platform.count('releaseTrainer') === 1 && run.platform.count('releaseDeployment') === 1);
    works = true;
    expect(await run.report()).toMatchObject({ steps: 20 });
    expect(run.platform.count('createTrainer')).toBe(2);
    expect(run.platform.rented()).toEqual([]);
  }, 600_000);

  test('of the deployment costs another deployment and a base; the trainer is none the wiser', async () => {
    const lost = new Set<string>();
    const run = await runs.start(experiment(), (platform) => {
      platform.answers.evaluate = (input) => {
        if (input.checkpoint.step === 10 && lost.size === 0) {
          lost.add(input.target.deploymentId);
          throw failure('DeploymentGone', 'deleted behind our back');
        }
        return { kind: 'scored', evaluation: scored(input, 0.1) };
      };
    });
    expect(await run.report()).toMatchObject({ outcome: 'finished', steps: 20 });
    expect(run.platform.count('createTrainer')).toBe(1);
    expect(run.platform.count('createModel')).toBe(1);
    expect(run.platform.count('createDeployment')).toBe(2);
    expect(run.platform.inputs('saveSnapshot').at(-1)?.type).toBe('base');
    expect(run.platform.rented()).toEqual([]);
  });

  test('of a grader beside training leaves a checkpoint without a score, and the run alone', async () => {
    const run = await runs.start(experiment({ train: { ...ENDLESS.train, steps: 30 } }), (platform) => {
      platform.answers.evaluate = (input) => {
        if (input.checkpoint.step === 10) throw failure('GraderFailed', 'cannot grade this');
        return { kind: 'scored', evaluation: scored(input, 0.1) };
      };
    });
    expect(await run.report()).toMatchObject({ outcome: 'finished', steps: 30 });
    const verdicts = run.platform.records.flatMap(({ verdict }) => (verdict === undefined ? [] : [verdict]));
    expect(verdicts[1]).toMatchObject({ kind: 'inconclusive', reason: 'not evaluated: cannot grade this' });
  });

  test('of the trainer rewinds to what was saved, and books what is trained again', async () => {
    let lost = false;
    const run = await runs.start(experiment(), (platform) => {
      platform.answers.trainWindow = ({ fromStep }) => {
        if (fromStep === 16 && !lost) {
          lost = true;
          throw failure('LostTrainer', 'who are you');
        }
        return { tokens: 0, secondsPerStep: 0.5, lossMean: 1, maxLossMean: 1 };
      };
    });
    await run.report();
    const [rewind] = run.platform.records.flatMap(({ rewind: facts }) => (facts === undefined ? [] : [facts]));
    // Five steps of half a second, and whatever of the lost window had passed.
    expect(rewind).toMatchObject({ fromStep: 15, toStep: 10, generation: 2 });
    expect(rewind?.seconds).toBeGreaterThanOrEqual(2.5);
    expect(rewind?.seconds).toBeLessThanOrEqual(5);
  });
});

describe('a saved state', () => {
  test('that the platform no longer has ends the run, with a word on what else there is', async () => {
    const run = await runs.start(experiment(), (platform) => {
      slowly(platform);
      platform.answers.loadState = () => {
        throw failure('InvalidRequest', 'no such checkpoint');
      };
    });
    await run.until(({ step }) => step >= 5);
    await run.handle.signal('pause');
    await run.until(({ standing }) => standing === 'paused');
    await run.handle.signal('resume');
    const error: unknown = await run.report().catch((caught: unknown) => caught);
    const { reason } = run.platform.records.at(-1) ?? {};
    expect(error).toBeInstanceOf(Error);
    expect(reason).toMatch(/what was saved at step \d+ \(.+\) cannot be loaded: no such checkpoint.*pawl branch run-/);
    expect(run.platform.rented()).toEqual([]);
  });
});

describe('evaluations', () => {
  test('that are void never lend their id to another identity', async () => {
    let voids = 0;
    const run = await runs.start(
      experiment({ evaluate: { ...experiment().evaluate, mode: 'blocking' } }),
      (platform) => {
        platform.answers.evaluate = (input) => {
          if (input.checkpoint.step === 10 && voids++ < 2) return { kind: 'void', reason: 'replica 1 serves another' };
          return { kind: 'scored', evaluation: scored(input, 0.1) };
        };
      },
    );
    await run.report();
    const asked = run.platform
      .inputs('evaluate')
      .map(({ evaluationId, checkpoint }) => [evaluationId, checkpoint.identity]);
    expect(new Set(asked.map(([id]) => id)).size).toBe(asked.length);
    for (const [id = '', identity = ''] of asked) expect(id).toContain(`/${identity}/`);
  });
});

describe('a store that is away', () => {
  test('keeps neither the machines nor the end of a run, and is told everything once it is back', async () => {
    let away: 'not yet' | 'away' | 'back' = 'not yet';
    const run = await runs.start(experiment({ train: { ...ENDLESS.train, steps: 10 } }), (platform) => {
      platform.answers.record = (facts) => {
        if (away === 'not yet' && facts.verdict?.kind === 'stop') away = 'away';
        if (away === 'away') throw failure('Unavailable', 'the store is locked');
        platform.records.push(facts);
        // What comes back after the end is an empty store.
        return { missing: facts.outcome === 'finished' };
      };
    });
    expect(await run.report()).toMatchObject({ outcome: 'finished', steps: 10 });
    expect(run.platform.rented()).toEqual([]);
    expect(run.platform.records.some(({ outcome }) => outcome === 'finished')).toBe(false);
    away = 'back';
    await runs.client.workflow.getHandle(`${run.handle.workflowId}-afterword`).result();
    expect(run.platform.records.at(-1)).toMatchObject({ outcome: 'finished', release: { deploymentState: 'gone' } });
    expect(run.platform.records.some(({ verdict }) => verdict?.kind === 'stop')).toBe(true);
    const [restored] = run.platform.inputs('restoreRecord');
    expect(restored).toMatchObject({ outcome: 'finished', checkpoints: [{}, { evaluation: { step: 10 } }] });
  }, 600_000);
});

describe('a run whose worker is replaced by one of later code', () => {
  test('goes on: what it did stays as it was, and what comes is done the new way', async () => {
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const run = await runs.start(experiment(), (platform) => {
      platform.answers.trainWindow = async ({ steps, fromStep }) => {
        if (fromStep > 10) await opened;
        return { tokens: steps * 10, secondsPerStep: 0.01, lossMean: 1, maxLossMean: 1 };
      };
    });
    const asked = (): number =>
      run.platform.inputs('proofRuns').filter(({ workflowId }) => workflowId === ASKED).length;
    await run.until(({ proving, step }) => proving === undefined && step === 10);
    while (run.platform.count('trainWindow') < 3) await sleep(20);
    expect(asked()).toBe(0);
    open();
    await runs.changeWorkflows((code) => asksMore(code, { under: 'patched' }));
    expect(await run.report()).toMatchObject({ outcome: 'finished', steps: 20, last: { evaluation: { step: 20 } } });
    // Only the last proof was still to begin.
    expect(asked()).toBe(1);
    expect(run.platform.inputs('evaluate').map(({ checkpoint }) => checkpoint.step)).toEqual([0, 10, 20]);
  }, 300_000);
});
