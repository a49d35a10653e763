/** What a policy decides in a live run, `pawl replay` decides again from what was recorded. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicyReplay } from '../../client/index.ts';
import type { RunResult } from '../../client/runs/run-view.ts';
import { writeExperiment } from './experiment.ts';
import { Pawl } from './pawl.ts';

const pawl = new Pawl();

beforeAll(async () => {
  await pawl.up();
}, 600_000);

afterAll(async () => {
  await pawl.cleanUp();
}, 300_000);

async function finished(name: string, changes: Record<string, unknown>): Promise<RunResult> {
  const result = await pawl.finish(writeExperiment(join(pawl.home, name), changes));
  if (result.outcome !== 'finished') throw new Error(`the run is ${result.outcome}: ${result.reason}`);
  return result;
}

async function replay(runId: string, policy?: string): Promise<PolicyReplay> {
  const file = join(pawl.home, 'policy.yaml');
  if (policy !== undefined) writeFileSync(file, policy);
  const chosen = policy === undefined ? [] : ['--policy', file];
  const { code, stdout, stderr } = await pawl.run(['replay', runId, ...chosen, '--output', 'json']);
  if (code !== 0) throw new Error(`pawl replay failed: ${stderr}`);
  return JSON.parse(stdout) as PolicyReplay;
}

/** To the word: kind and reason of every verdict, and the end. */
async function expectSame({ runId, reason }: RunResult): Promise<PolicyReplay> {
  const again = await replay(runId);
  expect(again.verdicts.length).toBeGreaterThan(1);
  for (const { recorded, replayed } of again.verdicts) expect(replayed).toEqual(recorded);
  expect(reason).toContain(again.end?.reason);
  return again;
}

const train = { steps: 60, batchSize: 8, seed: 3, windowSteps: 5, optimizer: { learningRate: 0.001 } };

describe('a policy', () => {
  test('that stops on a plateau is replayed to the word, and a more patient one would have gone on', async () => {
    const policy = { plateau: { patience: 2, minGain: 0.9 }, patience: 5 };
    const result = await finished('plateau', { train, policy });
    expect(result.reason).toContain('plateau: no gain above 90.0 %');

    const again = await expectSame(result);
    expect(again.end).toMatchObject({ kind: 'stop', step: 30 });
    expect(again.end?.checkpoint).toContain('step-000020');
    const patient = await replay(result.runId, 'patience: 9\n');
    expect(patient).not.toHaveProperty('end');
    const eager = await replay(result.runId, 'policy: {patience: 1, minGain: 0.9}\n');
    expect(eager).toMatchObject({ end: { kind: 'stop', step: 20 }, saved: { steps: 10 } });
    expect(eager.saved?.tokens).toBeGreaterThan(0);
    const table = await pawl.run(['replay', result.runId]);
    expect(table.stdout).toContain('all 3 verdicts are as recorded');
  }, 600_000);

  test('that stops on a target, interval included, is replayed to the word', async () => {
    const fast = { ...train, optimizer: { learningRate: 0.01 } };
    const result = await finished('target', { train: fast, policy: { target: 0.1 } });
    expect(result.reason).toContain('reaches the target 10.0 %, interval included');
    await expectSame(result);
    expect(await replay(result.runId, 'target: 0.99\n')).not.toHaveProperty('end');
  }, 600_000);

  test('that stops on a spike stops on the same step however steps are cut into windows, and keeps what was good', async () => {
    const exploding = { ...train, optimizer: { learningRate: 3 }, schedule: { kind: 'linear', warmupSteps: 40 } };
    const policy = { spike: { factor: 1.3, window: 4 } };
    const checkpoint = { every: 4, baseEvery: 9 };
    const results = [];
    for (const windowSteps of [3, 7]) {
      const result = await finished(`spike-${windowSteps}`, {
        train: { ...exploding, windowSteps },
        policy,
        checkpoint,
      });
      expect(result.reason).toContain('times the median');
      expect((await expectSame(result)).end).toMatchObject({ kind: 'stop', diverged: true });
      // The result is the base of what was judged last, gone back to.
      const { checkpoints } = await pawl.show(result.runId);
      expect(checkpoints.at(-1)).toMatchObject({ checkpoint: { snapshotType: 'base' } });
      expect(checkpoints.at(-1)?.verdict?.reason).toMatch(/^the base of step-/);
      results.push(result);
    }
    expect(results[0]?.reason).toBe(results[1]?.reason);
    expect((await pawl.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });
  }, 600_000);

  test('of no rules at all ends a run whose loss is no number, although its window goes on', async () => {
    const result = await finished('hopeless', { train: { ...train, optimizer: { learningRate: 1e30 } } });
    expect(result.reason).toMatch(/^the loss of step \d is not a finite number$/);
    expect((await replay(result.runId)).end).toMatchObject({ reason: result.reason, diverged: true });
    const { checkpoints } = await pawl.show(result.runId);
    expect(checkpoints.map(({ checkpoint }) => checkpoint.step)).toEqual([0]);
  }, 600_000);

  test('that settles asks more prompts of the same identity, each once, until the target is reached or all were asked', async () => {
    const evaluate = { prompts: 'heldout.jsonl', grader: 'edit_similarity', maxTokens: 8, concurrency: 8, limit: 6 };
    const fast = { ...train, optimizer: { learningRate: 0.01 } };
    const result = await finished('settled', { train: fast, evaluate, policy: { target: 0.1, settle: true } });
    const { verdicts } = await expectSame(result);
    const asked = verdicts.map(({ evaluation }) => evaluation?.samples ?? 0);
    expect(asked[0]).toBe(6);
    expect(Math.max(...asked)).toBeGreaterThan(6);
    for (const { replayed, evaluation } of verdicts) {
      if (replayed?.kind === 'inconclusive') expect(evaluation?.samples).toBe(24);
    }
  }, 600_000);

  test('that judges another suite ends a run whose answers collapse, with the best checkpoint before', async () => {
    const suites = { drawn: { prompts: 'heldout.jsonl', grader: 'edit_similarity', maxTokens: 8, temperature: 1 } };
    const evaluate = { prompts: 'heldout.jsonl', grader: 'edit_similarity', maxTokens: 8, suites };
    const fast = { ...train, optimizer: { learningRate: 0.01 } };
    const policy = { suite: 'drawn', minEntropy: 2.35 };
    const checkpoint = { every: 40, baseEvery: 9 };
    const result = await finished('collapsed', { train: { ...fast, steps: 160 }, evaluate, policy, checkpoint });
    expect(result.reason).toContain('nats per token is below policy.minEntropy 2.35');
    const { verdicts } = await expectSame(result);
    const collapsed = verdicts.findLast(({ replayed }) => replayed?.kind === 'stop');
    expect(collapsed?.evaluation).toMatchObject({ suite: 'drawn' });
    const { checkpoints } = await pawl.show(result.runId);
    const kept = checkpoints.find(({ checkpoint: { name } }) => name.startsWith('final-'))?.checkpoint;
    expect(kept).toMatchObject({ snapshotType: 'base' });
    expect(kept?.step).toBeLessThan(collapsed?.step ?? 0);
  }, 600_000);

  test('a budget of tokens ends a run with what it has, and the rest of the budget is told', async () => {
    const result = await finished('tokens', { train, budget: { maxTokens: 500, maxHours: 2 } });
    expect(result.reason).toMatch(
      /^budget.maxTokens of 500 is used up: \d+ tokens; left unspent: \d.\d\d of 2 hours, 0 of 500 tokens$/,
    );
    const { verdicts, end } = await replay(result.runId);
    expect(verdicts.at(-1)).toMatchObject({ replayed: { kind: 'stop' }, differs: false });
    expect(end?.reason).toContain('budget.maxTokens of 500 is used up');
  }, 600_000);
});
