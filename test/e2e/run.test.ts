import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { dirname, join } from 'node:path';
import type { RunDetails } from '../../client/runs/run-view.ts';
import { writeConversations, writeExperiment } from './experiment.ts';
import { Pawl } from './pawl.ts';

const pawl = new Pawl();

beforeAll(async () => {
  await pawl.up();
}, 600_000);

afterAll(async () => {
  await pawl.cleanUp();
}, 300_000);

function losses({ steps }: RunDetails): number[] {
  return steps.map(({ lossMean }) => lossMean);
}

function scores({ checkpoints }: RunDetails): (number | undefined)[] {
  return checkpoints.map(({ evaluation }) => evaluation?.score);
}

async function ledgerOf(runId: string): Promise<{ optimizerSteps: number; forwardBackwardCalls: number }[]> {
  const { trainers } = await pawl.ledger();
  return trainers.filter(({ job }) => job.includes(runId)).flatMap(({ models }) => [...models]);
}

describe('a run through the CLI, on a real Temporal server, worker and sandbox', () => {
  let undisturbed: RunDetails;

  test('trains, checkpoints, syncs, evaluates, decides and releases', async () => {
    const { code, result } = await pawl.follow([writeExperiment(join(pawl.home, 'first'))]);
    expect(code).toBe(0);
    expect(result).toMatchObject({ outcome: 'finished', reason: 'all 30 steps are done' });

    undisturbed = await pawl.show(result.runId);
    const shown = await pawl.run(['show', result.runId, '--output', 'json']);
    expect(JSON.parse(shown.stdout)).toEqual(undisturbed);
    expect(losses(undisturbed)).toHaveLength(30);
    expect(losses(undisturbed).at(-1)).toBeLessThan((losses(undisturbed)[0] ?? 0) - 0.5);
    const types = undisturbed.checkpoints.map(({ checkpoint }) => `${checkpoint.step} ${checkpoint.snapshotType}`);
    expect(types).toEqual(['0 base', '10 delta', '20 delta', '30 base']);
    for (const { checkpoint, evaluation, sync, verdict } of undisturbed.checkpoints) {
      // Every score is bound to an identity, and that identity was confirmed on every replica.
      expect(evaluation?.identity).toBe(checkpoint.identity);
      expect(sync?.identity).toBe(checkpoint.identity);
      expect(evaluation).toMatchObject({ samples: 24, missing: 0 });
      expect(verdict?.reason).not.toBe('');
    }
    expect(await ledgerOf(result.runId)).toMatchObject([{ optimizerSteps: 30, forwardBackwardCalls: 30 }]);
    expect((await pawl.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });
  }, 600_000);

  test('goes on when its worker is killed, twice, and ends with the same numbers', async () => {
    const detached = await pawl.run([
      'run',
      writeExperiment(join(pawl.home, 'killed')),
      '--detach',
      '--output',
      'json',
    ]);
    const { runId } = JSON.parse(detached.stdout) as { runId: string };
    await pawl.untilStep(runId, 2);
    await pawl.killWorker();
    await pawl.untilStep(runId, 14);
    await pawl.killWorker();
    const run = await pawl.until(runId, ({ outcome }) => outcome !== 'running' && outcome !== 'pending');

    expect(run.outcome).toBe('finished');
    expect(losses(run)).toEqual(losses(undisturbed));
    expect(scores(run)).toEqual(scores(undisturbed));
    expect(await ledgerOf(runId)).toMatchObject([{ optimizerSteps: 30, forwardBackwardCalls: 30 }]);
    expect((await pawl.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });
  }, 600_000);

  test('trains adapters, every snapshot a whole one', async () => {
    const model = {
      shape: 'accounts/fireworks/trainingShapes/ts-pawl-nano-lora',
      tokenizer: join(__dirname, '../../sandbox/models/tokenizer.json'),
      lora: { rank: 4 },
    };
    const result = await pawl.finish(writeExperiment(join(pawl.home, 'lora'), { model }));
    expect(result.outcome).toBe('finished');
    const run = await pawl.show(result.runId);
    expect(run.checkpoints.map(({ checkpoint }) => checkpoint.snapshotType)).toEqual(['base', 'base', 'base', 'base']);
    expect(losses(run).at(-1)).toBeLessThan(losses(run)[0] ?? 0);
  }, 600_000);

  test('trains epochs of conversations from a folder, in batches that accumulate', async () => {
    const train = {
      epochs: 1,
      batchSize: 16,
      accumulate: 4,
      optimizer: { learningRate: 0.01 },
      schedule: { kind: 'wsd' },
    };
    const data = { train: 'parts', chatTemplate: 'chat.jinja', endToken: '<eos>' };
    const experiment = writeExperiment(join(pawl.home, 'conversations'), { train, data });
    writeConversations(dirname(experiment));
    const result = await pawl.finish(experiment);
    // 1,976 words in batches of 64.
    expect(result).toMatchObject({ outcome: 'finished', reason: 'all 31 steps are done' });
    const run = await pawl.show(result.runId);
    expect(losses(run)).toHaveLength(31);
    expect(losses(run).at(-1)).toBeLessThan((losses(run)[0] ?? 0) - 0.5);
    expect(run.steps.at(-1)?.learningRate).toBe(0);
    expect(await ledgerOf(result.runId)).toMatchObject([{ optimizerSteps: 31, forwardBackwardCalls: 124 }]);
    const listed = await pawl.run(['list', '--output', 'json']);
    expect(listed.stdout).toContain('"steps": 31');
  }, 600_000);

  test('stops in good order when asked: a final base, evaluated, and nothing rented', async () => {
    const train = { steps: 5000, batchSize: 16, windowSteps: 2, optimizer: { learningRate: 0.01 } };
    const runId = await pawl.start(writeExperiment(join(pawl.home, 'stopped'), { train }));
    await pawl.untilStep(runId, 12);
    expect((await pawl.run(['stop', runId])).code).toBe(0);
    const run = await pawl.until(runId, ({ outcome }) => outcome === 'finished');

    const last = run.checkpoints.at(-1);
    expect(last?.checkpoint).toMatchObject({ snapshotType: 'base', step: run.steps.at(-1)?.step });
    expect(last?.evaluation?.identity).toBe(last?.checkpoint.identity);
    expect((await pawl.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });
  }, 600_000);

  test('returns the trainer and the deployment when it is cancelled', async () => {
    const train = { steps: 5000, batchSize: 16, optimizer: { learningRate: 0.01 } };
    const runId = await pawl.start(writeExperiment(join(pawl.home, 'cancelled'), { train }));
    await pawl.untilStep(runId, 3);
    expect((await pawl.ledger()).rented.trainerJobs).toHaveLength(1);
    expect((await pawl.run(['stop', runId, '--now'])).code).toBe(0);
    const run = await pawl.until(runId, ({ outcome }) => outcome === 'cancelled');
    expect(run.events.at(-1)?.message).toContain('trainer JOB_STATE_DELETED');
    expect((await pawl.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });
  }, 600_000);

  test('stops at once, keeping the last good checkpoint, when the loss passes its limit', async () => {
    const result = await pawl.finish(writeExperiment(join(pawl.home, 'diverged'), { policy: { maxLoss: 0.001 } }));
    expect(result).toMatchObject({ outcome: 'finished' });
    expect(result.reason).toContain('above policy.maxLoss');
    const run = await pawl.show(result.runId);
    expect(run.checkpoints.map(({ checkpoint }) => checkpoint.step)).toEqual([0]);
  }, 600_000);
});
