import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { openStore, type SampleRecord } from '../../store/index.ts';
import type { RunDetails } from '../../client/runs/run-view.ts';
import { writeExperiment } from './experiment.ts';
import { Pawl } from './pawl.ts';

const pawl = new Pawl();
let parent: RunDetails;

beforeAll(async () => {
  await pawl.up();
  const result = await pawl.finish(writeExperiment(join(pawl.home, 'parent')));
  parent = await pawl.show(result.runId);
}, 600_000);

afterAll(async () => {
  await pawl.cleanUp();
}, 300_000);

async function branch(args: readonly string[]): Promise<RunDetails> {
  const { stdout, stderr, code } = await pawl.run(['branch', ...args, '--detach', '--output', 'json']);
  if (code !== 0) throw new Error(`pawl branch failed: ${stderr}`);
  const { runId } = JSON.parse(stdout) as { runId: string };
  return pawl.until(runId, ({ outcome }) => outcome !== 'running' && outcome !== 'pending');
}

/** What was answered to each prompt, and how probable it was: the same weights answer the same. */
async function answers(run: RunDetails, step: number): Promise<unknown> {
  const evaluation = run.checkpoints.find(({ checkpoint }) => checkpoint.step === step)?.evaluation;
  if (evaluation === undefined) throw new Error(`${run.runId} has no evaluation of step ${step}`);
  const store = await openStore({ path: join(pawl.home, 'pawl.db'), readonly: true });
  try {
    return (await store.samples(evaluation.id)).map(answer);
  } finally {
    await store.close();
  }
}

function answer(sample: SampleRecord): unknown {
  if (sample.kind === 'missing') return sample;
  const { promptHash, tokens, meanLogprob, score } = sample;
  return { promptHash, tokens, meanLogprob, score };
}

function losses({ steps }: RunDetails, after: number): unknown {
  return steps.filter(({ step }) => step > after).map(({ step, lossMean }) => ({ step, lossMean }));
}

describe('a branch', () => {
  test('without changes does again what its parent did from there on, to the last bit', async () => {
    const run = await branch([`${parent.runId}@10`]);
    expect(run.outcome).toBe('finished');
    expect(run.checkpoints.map(({ checkpoint }) => checkpoint.step)).toEqual([10, 20, 30]);
    expect(run.checkpoints[0]?.checkpoint.snapshotType).toBe('base');
    for (const step of [10, 20, 30]) expect(await answers(run, step)).toEqual(await answers(parent, step));
    expect(losses(run, 0)).toEqual(losses(parent, 10));
    expect(run.stored?.parent).toEqual({ runId: parent.runId, checkpoint: 'step-000010-g1', step: 10, changes: [] });
    expect(run.events.map(({ message }) => message)).toContain(
      `branch of ${parent.runId} at step 10 (step-000010-g1): nothing changed`,
    );
    expect((await pawl.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });
  }, 600_000);

  test('with another learning rate begins with its parent’s weights, and goes elsewhere', async () => {
    const run = await branch([`${parent.runId}@20`, '--set', 'train.learningRate=1e-3', '--name', 'slower']);
    expect(run.runId).toMatch(/^slower-/);
    expect(await answers(run, 20)).toEqual(await answers(parent, 20));
    expect(run.steps.map(({ step, learningRate }) => [step, learningRate])).toEqual(
      Array.from({ length: 10 }, (_, index) => [21 + index, 1e-3]),
    );
    expect(losses(run, 21)).not.toEqual(losses(parent, 21));
    expect(run.stored?.parent?.changes).toEqual([{ path: 'train.optimizer.learningRate', before: 0.01, after: 0.001 }]);
  }, 600_000);

  test('of a checkpoint that is not there is refused, and those that are there are named', async () => {
    const { code, stderr } = await pawl.run(['branch', `${parent.runId}@15`]);
    expect(code).toBe(1);
    expect(stderr).toContain('has no checkpoint at step 15. It has step-000000-g1, step-000010-g1, step-000020-g1');
  });

  test('with a field that there is not is refused before anything starts', async () => {
    const { code, stderr } = await pawl.run(['branch', parent.runId, '--set', 'train.optimizer.learningrate=1']);
    expect(code).toBe(2);
    expect(stderr).toContain('--set train.optimizer.learningrate: unknown field. Did you mean "learningRate"?');
  });
});

describe('a run that is set another learning rate while it trains', () => {
  test('has it from its next checkpoint on, whoever dies, and a branch repeats it to the last bit', async () => {
    const train = { steps: 60, batchSize: 16, seed: 3, windowSteps: 5, optimizer: { learningRate: 0.01 } };
    const experiment = writeExperiment(join(pawl.home, 'set'), { train, checkpoint: { every: 20, baseEvery: 3 } });
    const runId = await pawl.start(experiment);
    await pawl.untilStep(runId, 1);
    const set = await pawl.withRuns((runs) => runs.set(runId, { 'train.learningRate': 0.002 }, { by: 'ada@host' }));
    expect(set.changes).toEqual([{ path: 'train.optimizer.learningRate', before: 0.01, after: 0.002 }]);
    await pawl.killWorker();
    const run = await pawl.until(runId, ({ outcome }) => outcome === 'finished');
    const [change] = run.changes;
    const from = change?.fromStep ?? Number.NaN;
    expect([21, 41]).toContain(from);
    expect(run.changes).toMatchObject([{ number: 1, before: 0.01, after: 0.002, by: 'ada@host' }]);
    expect(run.steps.map(({ learningRate }) => learningRate)).toEqual(
      run.steps.map(({ step }) => (step < from ? 0.01 : 0.002)),
    );
    // From before the change on: it is made again.
    const repeated = await branch([`${runId}@0`]);
    expect(repeated.stored?.parent?.changes).toEqual([]);
    expect(losses(repeated, 0)).toEqual(losses(run, 0));
    expect(await answers(repeated, 60)).toEqual(await answers(run, 60));
    const told = `from step ${from} on train.optimizer.learningRate 0.01 → 0.002, set by ada@host`;
    for (const command of [
      ['show', runId],
      ['log', '--graph', runId],
      ['replay', runId],
    ]) {
      expect((await pawl.run(command)).stdout).toContain(told);
    }
    const late = await pawl.run(['set', runId, 'train.learningRate=1e-3']);
    expect([late.code, late.stderr]).toEqual([1, expect.stringContaining('is over already (finished)')]);
    const other = await pawl.run(['set', runId, 'train.batchSize=8']);
    expect(other.stderr).toContain(`pawl branch ${runId} --set train.batchSize=8`);
  }, 600_000);
});

test('a run in batches by tokens that begins with the weights of another one ends the same, whoever dies', async () => {
  const train = { steps: 30, seed: 3, windowSteps: 5, optimizer: { learningRate: 0.005 } };
  const changes = {
    train: { ...train, startFrom: `${parent.runId}@20` },
    data: { train: 'train.jsonl', endToken: '<eos>', batchByTokens: 160 },
  };
  const experiment = writeExperiment(join(pawl.home, 'begun'), changes);
  const ended = async (runId: string): Promise<RunDetails> =>
    pawl.until(runId, ({ outcome }) => outcome !== 'running' && outcome !== 'pending');
  const disturbed = await pawl.start(experiment);
  await pawl.untilStep(disturbed, 11);
  await pawl.killWorker();
  const runs = [await ended(disturbed), await ended(await pawl.start(experiment))] as const;
  expect(runs.map(({ outcome }) => outcome)).toEqual(['finished', 'finished']);
  for (const run of runs) expect(await answers(run, 0)).toEqual(await answers(parent, 20));
  expect(losses(runs[0], 0)).toEqual(losses(runs[1], 0));
  expect(await answers(runs[0], 30)).toEqual(await answers(runs[1], 30));
  // Moments of the optimizer are not taken along, and batches are others.
  expect(losses(runs[0], 0)).not.toEqual(losses(parent, 20));
}, 600_000);

/** Goes on from step 20 of its parent with the very same weights, and will not branch again. */
async function expectBranch(run: RunDetails, from: RunDetails): Promise<void> {
  expect(run.stored?.parent).toMatchObject({ runId: from.runId, checkpoint: 'step-000020-g1', step: 20 });
  expect(run.stored?.spec.policy.plateau).toEqual({ patience: 99, minGain: 0.99, trial: 2 });
  expect(await answers(run, 20)).toEqual(await answers(from, 20));
  expect(run.steps[0]?.step).toBe(21);
}

describe('a plateau', () => {
  /** No gain is ever enough, so that it comes with the first evaluation; the branches are patient. */
  const PLATEAU = {
    train: { steps: 160, batchSize: 16, seed: 3, windowSteps: 4, optimizer: { learningRate: 0.01 } },
    checkpoint: { every: 20, baseEvery: 3 },
    policy: {
      plateau: {
        patience: 1,
        minGain: 0.99,
        trial: 2,
        branches: [
          { 'train.optimizer.learningRate': 1e-6, 'policy.plateau.patience': 99 },
          { 'train.optimizer.learningRate': 0.011, 'policy.plateau.patience': 99 },
          { 'train.optimizer.learningRate': 0.009, 'policy.plateau.patience': 99 },
        ],
      },
    },
  };

  let plateaued = '';

  test('is left by branches: the better one goes on, the other stops and says why, whatever dies meanwhile', async () => {
    const result = await pawl.finish(writeExperiment(join(pawl.home, 'plateau'), PLATEAU));
    plateaued = result.runId;
    expect(result.outcome).toBe('finished');
    expect(result.reason).toMatch(/^plateau: no gain above 99.0 %/);
    const tried = await pawl.until(result.runId, ({ branches }) => branches?.branches.length === 3);
    const [idle = '', eager = '', lost = ''] = tried.branches?.branches.map(({ runId }) => runId) ?? [];
    await pawl.untilStep(eager, 21);
    await pawl.killWorker();
    await pawl.withRuns((runs) => runs.stop(lost, { now: true }));
    // The choice is stored first, and told of after.
    const decided = await pawl.until(result.runId, ({ branches, events }) =>
      events.some(({ message }) => message === branches?.reason),
    );
    expect(decided.branches).toMatchObject({ checkpoint: 'step-000020-g1', step: 20, trial: 2, chosen: eager });
    expect(decided.branches?.branches[2]).toMatchObject({ runId: lost, ended: 'cancelled' });

    const loser = await pawl.until(idle, ({ outcome }) => outcome === 'finished');
    expect(loser.reason).toMatch(new RegExp(`^branch ${eager} scored better: edit_similarity .* after 2 evaluations$`));
    expect(loser.stored?.step).toBeLessThan(160);
    const winner = await pawl.until(eager, ({ outcome }) => outcome === 'finished');
    expect(winner.reason).toBe('all 160 steps are done');

    for (const run of [winner, loser]) {
      await expectBranch(run, decided);
    }
    expect((await pawl.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });
  }, 600_000);

  test('is drawn with its branches, and they are told apart', async () => {
    const graph = await pawl.run(['log', '--graph', plateaued]);
    expect(graph.stdout).toMatch(new RegExp(`^◆ ${plateaued}  finished\n│   plateau: `, 'm'));
    expect(graph.stdout).toMatch(/^│ ◆ reverse-\w+ {2}finished {2}train\.optimizer\.learningRate 0\.01 → 0\.011/m);
    expect(graph.stdout).toMatch(/^├─╯$/m);
    expect(Math.max(...graph.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);

    const family = await pawl.run(['log', plateaued, '--output', 'json']);
    const runs = JSON.parse(family.stdout) as { runId: string; parent?: { runId: string } }[];
    expect(runs.map((run) => run.parent?.runId)).toEqual([plateaued, plateaued, plateaued, undefined]);

    const [last = { runId: '' }] = runs;
    const diff = await pawl.run(['diff', plateaued, last.runId]);
    expect(diff.stdout).toContain(`b  ${last.runId}, a branch of a at step 20`);
    expect(diff.stdout).toMatch(/^train\.optimizer\.learningRate +0\.01 +\S+$/m);
    expect(diff.stdout).toContain('pinned data: the same');
    expect(diff.stdout).toMatch(/^step 20 +(\S+ %) +\1 +\+0\.0 /m);
  });

  test('whose branches could not be is refused before anything starts', async () => {
    const branches = [{ 'train.optimizer.learningrate': 0.001 }];
    const policy = { plateau: { patience: 1, branches } };
    const { code, stderr } = await pawl.run(['run', writeExperiment(join(pawl.home, 'wrong'), { policy })]);
    expect(code).toBe(2);
    expect(stderr).toContain('train.optimizer.learningrate: unknown field. Did you mean "learningRate"?');
  });
});
