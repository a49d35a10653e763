import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import type { RunDetails } from '../../client/runs/run-view.ts';
import { labelled, writePreferences } from './experiment.ts';
import { Pawl, type Ledger } from './pawl.ts';

const pawl = new Pawl();
const PAIRS = 300;
const LORA = {
  model: {
    shape: 'accounts/fireworks/trainingShapes/ts-pawl-nano-lora',
    tokenizer: join(import.meta.dirname, '../../sandbox/models/tokenizer.json'),
    lora: { rank: 8 },
  },
};

beforeAll(async () => {
  await pawl.up();
}, 600_000);

afterAll(async () => {
  await pawl.cleanUp();
}, 300_000);

/** What trainers of a run were made to do, in the order in which they were rented. */
async function trainersOf(runId: string): Promise<Ledger['trainers']> {
  const { trainers } = await pawl.ledger();
  return trainers.filter(({ job }) => job.includes(runId)).sort((a, b) => a.job.localeCompare(b.job));
}

/** First and last evaluation. */
function ends({ checkpoints }: RunDetails): NonNullable<RunDetails['checkpoints'][number]['evaluation']>[] {
  const found = checkpoints.flatMap(({ evaluation }) => evaluation ?? []);
  return [found[0], found.at(-1)].filter((one) => one !== undefined);
}

describe('preferences', () => {
  let first: RunDetails;
  let labelledRun: RunDetails;

  test('are learned against a frozen trainer that is returned before training begins', async () => {
    const { code, result } = await pawl.follow([writePreferences(join(pawl.home, 'first'))]);
    expect(code).toBe(0);
    first = await pawl.show(result.runId);
    const [frozen, trained] = await trainersOf(result.runId);
    // Every example of every pair once, 64 a request, and nothing else.
    const forwardCalls = Math.ceil((2 * PAIRS) / 64);
    expect(frozen?.models).toMatchObject([{ optimizerSteps: 0, forwardBackwardCalls: 0, forwardCalls }]);
    expect(trained?.models).toMatchObject([{ optimizerSteps: 20, forwardCalls: 40, forwardBackwardCalls: 40 }]);
    expect((await pawl.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });
  }, 600_000);

  test('are found more often the more is learned, on pairs that were held out', () => {
    const [before, after] = ends(first);
    expect(after?.metric).toBe('preference_accuracy');
    expect(after?.score).toBeGreaterThan((before?.score ?? 1) + 0.1);
  });

  test('are told step by step', () => {
    const { steps } = first;
    expect(steps[0]?.lossMean).toBeCloseTo(Math.LN2, 5);
    expect(steps[0]?.metrics).toMatchObject({ 'rewards/margins': expect.closeTo(0, 5) });
    expect(steps.at(-1)?.metrics?.['rewards/margins']).toBeGreaterThan(0.02);
  });

  test('are never compared with a reference that has to be found twice', async () => {
    const result = await pawl.finish(writePreferences(join(pawl.home, 'again')));
    expect(result.outcome).toBe('finished');
    const trainers = await trainersOf(result.runId);
    expect(trainers.map(({ models }) => models.map(({ optimizerSteps }) => optimizerSteps))).toEqual([[20]]);
    const again = await pawl.show(result.runId);
    expect(again.steps.map(({ lossMean }) => lossMean)).toEqual(first.steps.map(({ lossMean }) => lossMean));
  }, 600_000);

  test('survive the death of a worker, with the same numbers', async () => {
    const runId = await pawl.start(writePreferences(join(pawl.home, 'killed')));
    await pawl.untilStep(runId, 7);
    await pawl.killWorker();
    const run = await pawl.until(runId, ({ outcome }) => outcome !== 'running' && outcome !== 'pending');
    expect(run.outcome).toBe('finished');
    expect(run.steps.map(({ lossMean }) => lossMean)).toEqual(first.steps.map(({ lossMean }) => lossMean));
    const [trained] = await trainersOf(runId);
    expect(trained?.models).toMatchObject([{ optimizerSteps: 20, forwardCalls: 40, forwardBackwardCalls: 40 }]);
  }, 600_000);

  test('of an adapter are compared with the base model on the same trainer', async () => {
    const result = await pawl.finish(writePreferences(join(pawl.home, 'lora'), LORA));
    expect(result.outcome).toBe('finished');
    const trainers = await trainersOf(result.runId);
    expect(trainers).toHaveLength(1);
    const models = [...(trainers[0]?.models ?? [])].sort((a, b) => a.optimizerSteps - b.optimizerSteps);
    // The same data and base as before, on another shape: the base is the same model, so nothing is asked again.
    expect(models).toMatchObject([{ optimizerSteps: 20, forwardCalls: 40 }]);
    const [before, after] = ends(await pawl.show(result.runId));
    expect(after?.score).toBeGreaterThan(before?.score ?? 1);
  }, 600_000);

  test('with labels in place of pairs are compared with answers of other rows too', async () => {
    const train = { steps: 8, batchSize: 8, seed: 3, optimizer: { learningRate: 0.005 }, preference: { loss: 'kto' } };
    const data = { train: 'train.jsonl', endToken: '<eos>', holdout: 0.2 };
    const path = writePreferences(join(pawl.home, 'kto'), { ...LORA, train, data, checkpoint: { every: 8 } });
    labelled(join(pawl.home, 'kto', 'train.jsonl'));
    const result = await pawl.finish(path);
    expect(result.outcome).toBe('finished');
    const run = await pawl.show(result.runId);
    const { steps } = run;
    // Nothing has moved yet: every answer is as likely as the reference says, good or bad.
    expect(steps[0]?.lossMean).toBeCloseTo(0.5, 5);
    expect(steps[0]?.metrics).toMatchObject({ kl: expect.closeTo(0, 5), 'rewards/chosen': expect.closeTo(0, 5) });
    labelledRun = run;
  }, 600_000);

  test('with labels are held out as well: scored once, asked about at each checkpoint, and never learned', async () => {
    const { checkpoints, stored, runId } = labelledRun;
    const [trainer] = await trainersOf(runId);
    const frozen = trainer?.models.filter(({ optimizerSteps }) => optimizerSteps === 0) ?? [];
    const trained = trainer?.models.find(({ optimizerSteps }) => optimizerSteps > 0);
    // Each row, and its prompt with the answer of another row: of those that are trained on, and of those that are held out.
    const plan = stored?.plan;
    const heldOut = plan?.validation?.rows ?? 0;
    const rows = plan?.examples ?? 0;
    expect(heldOut).toBeGreaterThan(60);
    expect(rows + heldOut).toBe(2 * PAIRS);
    const requests = (count: number): number => Math.ceil((2 * count) / 64);
    expect(frozen.map(({ forwardCalls, forwardBackwardCalls }) => [forwardCalls, forwardBackwardCalls])).toEqual(
      expect.arrayContaining([rows, heldOut].map((count) => [requests(count), 0])),
    );
    // The held-out rows are asked about at both checkpoints, beside two requests for each pass of a step.
    expect(trained).toMatchObject({ forwardBackwardCalls: 16, forwardCalls: 16 + 2 * requests(heldOut) });
    const validations = checkpoints.map(({ checkpoint }) => checkpoint.validation);
    expect(validations).toMatchObject([
      { loss: expect.closeTo(0.5, 5), rows: heldOut, metrics: { kl: expect.closeTo(0, 5) } },
      { rows: heldOut, metrics: { 'rewards/margins': expect.any(Number) } },
    ]);
    // Eight steps teach too little to promise that it falls; that it is measured of other weights is sure.
    expect(validations[1]?.loss).not.toBeCloseTo(0.5, 5);
  }, 600_000);

  test('of a run that begins with another adapter are compared with that one, and not with the base', async () => {
    const train = { steps: 4, batchSize: 8, seed: 3, optimizer: { learningRate: 0.005 }, preference: { loss: 'dpo' } };
    const begun = { ...train, startFrom: `${labelledRun.runId}@8` };
    const path = writePreferences(join(pawl.home, 'begun'), { ...LORA, train: begun, checkpoint: { every: 4 } });
    const result = await pawl.finish(path);
    expect(result.outcome).toBe('finished');
    const { steps } = await pawl.show(result.runId);
    // Eight steps away from the base; of what it began with nothing has moved yet.
    expect(steps[0]?.lossMean).toBeCloseTo(Math.LN2, 5);
    expect(steps[0]?.metrics).toMatchObject({
      'rewards/chosen': expect.closeTo(0, 5),
      'rewards/rejected': expect.closeTo(0, 5),
    });
    const [trainer] = await trainersOf(result.runId);
    expect(trainer?.models.map(({ optimizerSteps }) => optimizerSteps).toSorted((a, b) => a - b)).toEqual([0, 4]);
  }, 600_000);
});
