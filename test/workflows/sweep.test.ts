/** The real sweep and a real store, with trials that only wait and answer a curve, on a server that skips the waiting. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSweepActivities } from '../../activities/index.ts';
import { createUserCode } from '../../activities/user-code/user-code.ts';
import { SweepSpec } from '../../domain/spec/sweep-spec.ts';
import type { SweepReport } from '../../domain/words/sweep-workflow.ts';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import { openStore, type Store } from '../../store/index.ts';
import { openRunDirectory } from '../../worker/run-directory.ts';
import { packageRoot } from '../../client/local/paths.ts';
import { testPool } from '../compute/pool.ts';
import { writeRows, writeTokenizer } from '../data/fixtures.ts';
import { temporaryFolder } from '../local/support.ts';
import { experiment, serveSkipping } from './answering.ts';
import { PLAN } from './platform-that-answers.ts';

const folder = temporaryFolder();
const compute = testPool();
let store: Store;
let client: Client;
let files: { tokenizer: string; train: string };
let close: () => Promise<void>;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined), shutdownSignals: [] });
  const served = await serveSkipping(folder);
  ({ client } = served);
  store = await openStore({ path: join(folder, 'pawl.db') });
  files = {
    tokenizer: await writeTokenizer(folder),
    train: await writeRows(
      folder,
      ['a', 'b', 'c'].map((text) => ({ prompt: `${text} ->`, completion: text })),
    ),
  };
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(packageRoot(), 'test/workflows/curves.ts'),
    logger: new DefaultLogger('ERROR', () => undefined),
  });
  const artifacts = openArtifacts(join(folder, 'artifacts'));
  const worker = await Worker.create({
    connection: served.connection,
    taskQueue: 'curves',
    workflowBundle: { code },
    activities: createSweepActivities({
      store,
      artifacts,
      compute,
      userCode: createUserCode({ artifacts, environments: join(folder, 'python') }),
      secrets: new Map(),
      directory: await openRunDirectory(client),
      shapes: { resolveShape: () => Promise.resolve(PLAN.shape) },
    }),
  });
  const running = worker.run();
  close = async () => {
    worker.shutdown();
    await running;
    await store.close();
    await served.stop();
  };
}, 600_000);

afterAll(async () => {
  await close?.();
}, 300_000);

const STOPS = { rule: 'asha', reduction: 2, minSteps: 10 };

/** `during`: what happens while it runs. */
async function swept(
  changes: Record<string, unknown>,
  tags: string[] = [],
  during: (sweepId: string) => Promise<void> = async () => undefined,
): Promise<SweepReport> {
  const spec = SweepSpec.parse({
    name: 'rates',
    experiment: 'experiment.yaml',
    method: 'random',
    parameters: {
      'train.optimizer.learningRate': { distribution: 'log_uniform_values', min: 1e-5, max: 1 },
      'train.batchSize': { values: [4, 8] },
    },
    trials: 8,
    concurrency: 3,
    ...changes,
  });
  const prices = { trainerPerHour: 3.6e9 };
  const tried = experiment({ checkpoint: { every: 10 }, tags, prices });
  const hex = randomBytes(4).toString('hex');
  const input = {
    sweepId: `rates-${hex}`,
    hex,
    spec,
    askedBy: 'me',
    experiment: {
      ...tried,
      model: { ...tried.model, tokenizer: files.tokenizer },
      data: { ...tried.data, train: files.train, maxTokens: 16 },
    },
  };
  const handle = await client.workflow.start('sweep', {
    workflowId: input.sweepId,
    taskQueue: 'curves',
    args: [input],
  });
  await during(input.sweepId);
  return (await handle.result()) as SweepReport;
}

/** Everything that was decided, in its order, but for the ids. */
async function story({ sweepId, best, reason }: SweepReport): Promise<object> {
  const trials = await store.trials(sweepId);
  return {
    reason,
    best: best && { number: best.number, step: best.step, score: best.score },
    trials: trials.map(({ number, state, proposedOrder, endedOrder, planned, scores, reason: why }) => {
      const { parameters } = planned;
      return { number, state, proposedOrder, endedOrder, parameters, why, scores };
    }),
  };
}

describe('a sweep', () => {
  test('decides the same in the same order, whichever of its trials are slow', async () => {
    const even = await story(await swept({ stopEarly: STOPS }));
    expect(even).toMatchObject({ reason: 'every trial was tried' });
    for (const tags of [
      ['slow-0', 'slow-3'],
      ['slow-1', 'slow-2', 'slow-5'],
    ]) {
      expect(await story(await swept({ stopEarly: STOPS }, tags))).toEqual(even);
    }
  }, 300_000);

  test('ends when a grid has no further point, and names the best of it', async () => {
    const parameters = { 'train.optimizer.learningRate': { values: [1, 0.01, 0.0001] } };
    const report = await swept({ method: 'grid', trials: undefined, parameters });
    expect(report).toMatchObject({ outcome: 'finished', trials: 3, best: { number: 1, step: 20, score: 0.5 } });
    expect(report.reason).toBe('each of the 3 points of the grid was tried');
    const trials = await store.trials(report.sweepId);
    expect(trials.map(({ state }) => state)).toEqual(['finished', 'finished', 'finished']);
    expect(trials.map(({ runOutcome }) => runOutcome)).toEqual(['finished', 'finished', 'finished']);
  }, 300_000);

  test('begins no further trial once one has reached the target', async () => {
    const parameters = { 'train.optimizer.learningRate': { values: [1, 0.01, 0.0001, 0.001] } };
    const metric = { target: 0.45 };
    const report = await swept({ method: 'grid', trials: undefined, parameters, concurrency: 1, metric });
    expect(report.trials).toBe(2);
    expect(report.reason).toBe('trial 1 reached the target of 0.45 with 0.5 at step 20');
  }, 300_000);

  test('looks at what is spent by the clock, however often it hears of its trials', async () => {
    const rent = async (sweepId: string): Promise<void> => {
      while ((await store.trials(sweepId)).length === 0) await sleep(20);
      const [first] = await store.trials(sweepId);
      await store.planLease(first?.runId ?? '', { kind: 'trainer', id: `${sweepId}-trainer` });
    };
    const report = await swept({ trials: 100, budget: { maxCost: 1 } }, ['minutes'], rent);
    expect(report.reason).toMatch(/^the budget is used up: [\d.]+ of 1 spent$/);
    // A minute is three checkpoints of a trial, and three trials go on at a time.
    expect(report.trials).toBeLessThan(10);
  }, 300_000);

  test('goes on in another space from the change on, which is on record, and stops one trial by its number', async () => {
    const narrowed = { 'train.batchSize': { values: [16] } };
    const change = async (sweepId: string, what: object): Promise<void> =>
      client.workflow
        .getHandle(sweepId)
        .signal('sweepChange', { by: 'me@here', at: new Date().toISOString(), ...what });
    const report = await swept({ trials: 7 }, ['minutes'], async (sweepId) => {
      while ((await store.trials(sweepId)).length < 3) await sleep(20);
      await change(sweepId, { parameters: narrowed });
      await change(sweepId, { stopTrial: 1 });
    });
    const trials = await store.trials(report.sweepId);
    const [first, ...others] = await store.sweepChanges(report.sweepId);
    expect(first?.change).toMatchObject({ parameters: narrowed, by: 'me@here' });
    expect(others).toMatchObject([{ change: { stopTrial: 1 } }]);
    const sizes = trials.map(({ planned }) => planned.parameters['train.batchSize']);
    const changedAt = first?.order ?? 0;
    // Those before keep theirs.
    for (const [index, { proposedOrder }] of trials.entries()) {
      expect([4, 8].includes(Number(sizes[index]))).toBe(proposedOrder < changedAt);
    }
    expect(sizes).toContain(16);
    expect(trials).toHaveLength(7);
    expect(trials[1]?.runReason).toBe('stopped by me@here');
    expect(trials[1]?.scores.at(-1)?.step).toBeLessThan(20);
    const said = (await store.sweepEvents(report.sweepId)).map(({ message }) => message);
    expect(said).toContain('from here on train.batchSize is {"values":[16]}, set by me@here');
    expect(said).toContain('trial 1 is to stop, set by me@here');
  }, 300_000);

  test('takes a trial whose last score is missing as ended, by the score before', async () => {
    const parameters = { 'train.optimizer.learningRate': { values: [0.1, 0.01] } };
    const report = await swept({ method: 'grid', trials: undefined, parameters }, ['unscored-1']);
    const [, unscored] = await store.trials(report.sweepId);
    expect(unscored).toMatchObject({ state: 'finished', reason: 'its last checkpoint, at step 20, has no score' });
    expect(unscored?.scores.map(({ step }) => step)).toEqual([0, 10]);
  }, 300_000);
});
