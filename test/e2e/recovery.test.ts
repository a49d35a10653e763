import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { join } from 'node:path';
import type { RunDetails } from '../../client/runs/run-view.ts';
import { writeExperiment } from './experiment.ts';
import { Pawl } from './pawl.ts';

/** One step a window, so that there is time to disturb it. */
const CHANGES = {
  train: { steps: 60, batchSize: 32, seed: 3, windowSteps: 1, optimizer: { learningRate: 0.01 } },
  checkpoint: { every: 20, baseEvery: 3 },
};

/** Such a run records some 650, and 310 where its windows are long: with short ones it is continued as new on its way. */
const SUGGESTED_EVENTS = 450;

const pawl = new Pawl();
let undisturbed: RunDetails;

beforeAll(async () => {
  await pawl.up({ suggestedEvents: SUGGESTED_EVENTS });
  const result = await pawl.finish(writeExperiment(join(pawl.home, 'undisturbed'), CHANGES));
  undisturbed = await pawl.show(result.runId);
}, 600_000);

afterAll(async () => {
  await pawl.cleanUp();
}, 300_000);

/** All that must not depend on what happened on the way: time and names may. */
function outcome({ outcome, steps, checkpoints }: RunDetails): unknown {
  return {
    outcome,
    steps: steps.map(({ step, lossMean, learningRate, tokens }) => ({ step, lossMean, learningRate, tokens })),
    // What a pause saved is a checkpoint too, and no run is judged by it.
    checkpoints: checkpoints
      .filter(({ checkpoint: { name } }) => !name.startsWith('pause-'))
      .map(({ checkpoint, evaluation, verdict }) => ({
        step: checkpoint.step,
        score: evaluation?.score,
        verdict: verdict?.kind,
      })),
  };
}

async function finished(runId: string): Promise<RunDetails> {
  const run = await pawl.until(runId, (view) => view.outcome !== 'running' && view.outcome !== 'pending');
  expect((await pawl.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });
  return run;
}

describe('a run ends with the same numbers', () => {
  test('when its trainer is lost: it rewinds, and trains those steps again', async () => {
    const runId = await pawl.start(writeExperiment(join(pawl.home, 'trainer'), CHANGES));
    await pawl.untilStep(runId, 23);
    const { processes } = await pawl.ledger();
    const pid = processes.trainers[`${runId}-trainer`];
    if (pid === undefined) throw new Error('the trainer has no process');
    process.kill(pid, 'SIGKILL');
    const run = await finished(runId);
    expect(outcome(run)).toEqual(outcome(undisturbed));
    expect(run.rewinds).toHaveLength(1);
    expect(run.rewinds[0]).toMatchObject({ generation: 2 });
    expect([20, 40]).toContain(run.rewinds[0]?.toStep);
  }, 600_000);

  test('when the whole platform goes away and comes back', async () => {
    const runId = await pawl.start(writeExperiment(join(pawl.home, 'platform'), CHANGES));
    await pawl.untilStep(runId, 23);
    process.kill((await pawl.stack()).processes['sandbox'] ?? 0, 'SIGKILL');
    const run = await finished(runId);
    expect(outcome(run)).toEqual(outcome(undisturbed));
    expect(run.rewinds.length).toBeGreaterThan(0);
  }, 600_000);

  test('when Temporal is killed', async () => {
    const runId = await pawl.start(writeExperiment(join(pawl.home, 'temporal'), CHANGES));
    await pawl.untilStep(runId, 23);
    process.kill((await pawl.stack()).processes['temporal'] ?? 0, 'SIGKILL');
    expect(outcome(await finished(runId))).toEqual(outcome(undisturbed));
  }, 600_000);

  test('when it is paused, gives its machines back, and goes on with others', async () => {
    const runId = await pawl.start(writeExperiment(join(pawl.home, 'paused'), CHANGES));
    await pawl.withRuns(async (runs) => {
      await pawl.untilStep(runId, 23);
      await runs.pause(runId);
    });
    await pawl.until(runId, ({ status }) => status?.phase === 'paused');
    expect((await pawl.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });
    expect(await pawl.run(['resume', runId])).toMatchObject({ code: 0 });
    const run = await finished(runId);
    expect(outcome(run)).toEqual(outcome(undisturbed));
    expect(run.rewinds).toEqual([]);
  }, 600_000);

  test('however its history is cut: continued as new on the way to a checkpoint, or in one piece', async () => {
    expect(await executions(undisturbed.runId)).toBeGreaterThan(1);
    const train = { ...CHANGES.train, windowSteps: 20 };
    const whole = await pawl.finish(writeExperiment(join(pawl.home, 'whole'), { ...CHANGES, train }));
    expect(outcome(await pawl.show(whole.runId))).toEqual(outcome(undisturbed));
    expect(await executions(whole.runId)).toBe(1);
    expect(undisturbed.checkpoints).toHaveLength(4);
    expect(undisturbed.steps.map(({ step }) => step)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
  }, 600_000);
});

test('a run is cancelled, not failed, also when its worker dies over it', async () => {
  const train = { ...CHANGES.train, steps: 100_000 };
  const runId = await pawl.start(writeExperiment(join(pawl.home, 'cancelled'), { ...CHANGES, train }));
  await pawl.untilStep(runId, 23);
  await pawl.withRuns(async (runs) => runs.stop(runId, { now: true }));
  await pawl.killWorker();
  const run = await pawl.until(runId, ({ outcome }) => !['running', 'cancelling', 'pending'].includes(outcome));
  expect(run).toMatchObject({ outcome: 'cancelled', reason: 'cancelled', stored: { outcome: 'cancelled' } });
  expect((await pawl.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });
}, 600_000);

/** How many executions a run was made of. */
async function executions(runId: string): Promise<number> {
  const { temporalAddress = '' } = await pawl.stack();
  const connection = await Connection.connect({ address: temporalAddress });
  const { workflow } = new Client({ connection });
  const runIds = new Set<string>();
  for await (const info of workflow.list({ query: `WorkflowId = "${runId}"` })) runIds.add(info.runId);
  await connection.close();
  return runIds.size;
}
