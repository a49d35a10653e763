/**
 * From evaluations to what serves, in one piece: a run with two suites plateaus, its branches are tried, the better one passes
 * the gate and is approved, and in the end the deployment goes back to the champion before.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore, type StoreReader } from '../../store/index.ts';
import type { AliasView, PromotionDetails } from '../../client/promotion/promotions.ts';
import { storeFile } from '../../client/runs/run-store.ts';
import type { RunDetails } from '../../client/runs/run-view.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { RollbackReport } from '../../domain/words/serving.ts';
import type { SuiteComparison } from '../../domain/words/promotion.ts';
import { GATED, writeExperiment } from './experiment.ts';
import { Pawl } from './pawl.ts';

const pawl = new Pawl();

/** Half of all that there is to gain, at once, is asked of each evaluation: the plateau comes with the third. */
const EXPERIMENT = {
  train: { steps: 200, batchSize: 16, seed: 3, windowSteps: 10, optimizer: { learningRate: 0.005 } },
  checkpoint: { every: 20, baseEvery: 3 },
  evaluate: {
    prompts: 'heldout.jsonl',
    grader: 'edit_similarity',
    maxTokens: 8,
    concurrency: 8,
    suites: { likely: { prompts: 'heldout.jsonl', grader: 'perplexity' } },
  },
  policy: {
    plateau: {
      patience: 2,
      minGain: 0.5,
      trial: 2,
      branches: [
        { 'train.optimizer.learningRate': 1e-6, 'policy.plateau.patience': 99 },
        { 'train.optimizer.learningRate': 0.01, 'policy.plateau.patience': 99, 'deployment.onFinish': 'keep' },
      ],
    },
  },
  promotion: { alias: 'prod', suites: ['main', 'likely'], approval: true },
};

let reader: StoreReader;

beforeAll(async () => {
  await pawl.up();
}, 600_000);

afterAll(async () => {
  await reader?.close();
  await pawl.cleanUp();
}, 300_000);

async function json<T>(...args: string[]): Promise<T> {
  const { stdout, stderr, code } = await pawl.run([...args, '--output', 'json']);
  if (code !== 0) throw new Error(`${args.join(' ')} exits with ${code}: ${stderr}${stdout}`);
  return JSON.parse(stdout) as T;
}

async function promotion(id: string, state: string): Promise<PromotionDetails> {
  return pawl.ask(async ({ promotions }) => {
    for (;;) {
      const found = await promotions.show(id);
      if (found?.state === state) return found;
      if (found?.state === 'refused' || found?.state === 'failed')
        throw new Error(`${id} is ${found.state}: ${found.reason}`);
      await sleep(100);
    }
  });
}

/** The identity that stands behind a score: confirmed on every replica, named by each sample, and all there is to it. */
async function requireTraced(run: RunDetails): Promise<void> {
  expect(run.checkpoints.filter(({ evaluation }) => evaluation !== undefined).length).toBeGreaterThan(2);
  for (const { checkpoint, sync, evaluation, suites = [] } of run.checkpoints) {
    if (evaluation === undefined) continue;
    expect(sync?.identity).toBe(checkpoint.identity);
    expect(suites.map(({ suite }) => suite)).toEqual(['likely']);
    for (const scored of [evaluation, ...suites]) await requireOf(checkpoint.identity, scored);
  }
}

async function requireOf(identity: string, { id, identity: claimed, score, samples }: Evaluation): Promise<void> {
  expect(claimed).toBe(identity);
  const stored = await reader.samples(id);
  expect(stored).toHaveLength(samples);
  const scores = stored.map((sample) => {
    if (sample.kind === 'missing') throw new Error(`${id} misses a sample`);
    expect([undefined, identity]).toContain(sample.servedIdentity);
    return sample.score;
  });
  expect(scores.reduce((sum, one) => sum + one, 0) / samples).toBeCloseTo(score, 12);
}

async function requireKnown(...sides: SuiteComparison['candidate'][]): Promise<void> {
  for (const { evaluation: id, identity, score } of sides) {
    const found = await reader.evaluation(id);
    expect(found?.evaluation).toMatchObject({ kind: 'scored', identity, score });
  }
}

async function modelOf({ model = '' }: PromotionDetails): Promise<unknown> {
  const { sandboxUrl } = await pawl.stack();
  const response = await fetch(`${sandboxUrl}/v1/${model}`, { headers: { 'x-api-key': 'sandbox' } });
  return response.json();
}

describe('a run with two suites, from its plateau to what serves in the end', () => {
  let plateau: RunDetails;
  let winner: RunDetails;
  let loser: RunDetails;
  let first: PromotionDetails;
  let second: PromotionDetails;

  test('the policy ends it, and what it came to passes the gate against its baseline', async () => {
    const result = await pawl.finish(writeExperiment(join(pawl.home, 'evidence'), EXPERIMENT, GATED));
    expect(result.outcome).toBe('finished');
    expect(result.reason).toMatch(/^plateau: no gain above 50.0 %.* in 2 evaluations/);
    reader = await openStore({ path: storeFile(pawl.home), readonly: true });
    // It did not ask by itself, since its branches go on.
    const gate = ['--to', 'prod', '--suite', 'main', '--suite', 'likely'];
    first = await json<PromotionDetails>('promote', result.runId, ...gate);
    expect(first).toMatchObject({ state: 'promoted', runId: result.runId, reign: 1 });
    plateau = await pawl.until(result.runId, ({ branches }) => branches?.reason !== undefined);
  }, 600_000);

  test('two branches with other learning rates go on from its best checkpoint, the better one to the end', async () => {
    const { branches: tried = [], chosen, checkpoint } = plateau.branches ?? {};
    const [idle = '', eager = ''] = tried.map(({ runId }) => runId);
    expect(chosen).toBe(eager);
    winner = await pawl.until(eager, ({ outcome }) => outcome === 'finished');
    loser = await pawl.until(idle, ({ outcome }) => outcome === 'finished');
    const scores = plateau.checkpoints.map((row) => row.evaluation?.score ?? 0);
    const best = plateau.checkpoints.find((row) => row.evaluation?.score === Math.max(...scores));
    expect(best?.checkpoint.step).toBe(plateau.branches?.step);
    for (const { stored } of [winner, loser]) {
      expect(stored?.parent).toMatchObject({ runId: plateau.runId, checkpoint });
    }
  }, 600_000);

  test('the better one asks, passes the gate on both suites, is approved and promoted; the other asks for nothing', async () => {
    const id = `prod-${winner.runId.split('-').at(-1) ?? ''}`;
    const passed = await promotion(id, 'awaiting-approval');
    expect(passed).toMatchObject({ championBefore: first.id, runId: winner.runId, askedBy: winner.runId });
    expect(passed.comparisons?.map(({ suite, difference }) => [suite, difference?.pairs])).toEqual([
      ['main', GATED],
      ['likely', GATED],
    ]);
    for (const { difference } of passed.comparisons ?? []) expect(difference?.low).toBeGreaterThan(0);
    expect((await pawl.run(['approve', 'prod', '--by', 'ada'])).code).toBe(0);
    second = await promotion(id, 'promoted');
    expect(second).toMatchObject({ decidedBy: 'ada', isChampion: true, reign: 2 });
    const [prod] = await json<AliasView[]>('promotions', 'prod');
    expect(prod?.promotions.map((asked) => asked.id)).toEqual([second.id, first.id]);
  }, 300_000);

  test('alias and deployment go back to the champion before, proved on the replica', async () => {
    const { stdout } = await pawl.run(['promote', '--undo', 'prod', '--by', 'ada']);
    const champion = `${plateau.runId}@${first.checkpoint}`;
    expect(stdout).toContain(`prod stands for ${champion} again`);
    expect(stdout).toContain(`pawl rollback DEPLOYMENT ${champion}`);
    const back = await json<RollbackReport>('rollback', `${winner.runId}-deploy`, champion);
    expect(back.previousIdentity).toBe(second.identity);
    expect(back.replicas).toEqual([{ ready: true, identity: first.identity }]);
    const { rented } = await pawl.ledger();
    expect(rented.trainerJobs).toEqual([]);
    expect(rented.deployments).toMatchObject([{ name: expect.stringContaining(`${winner.runId}-deploy`) }]);
  }, 300_000);

  test('the graph shows it all', async () => {
    const { stdout } = await pawl.run(['log', '--graph', winner.runId]);
    for (const line of [
      `◆ ${plateau.runId}  finished\\n│ +plateau`,
      `│ ◆ ${winner.runId}  finished  train.optimizer.learningRate 0.005 → 0.01`,
      `│ ● step 200  ${second.identity}  \\(prod undone\\)  edit_similarity`,
      `│ ◆ ${loser.runId}  finished  train.optimizer.learningRate 0.005 → 0.000001`,
      '├─╯',
      `● step \\d+  ${first.identity}  \\(prod\\)  edit_similarity`,
    ]) {
      expect(stdout).toMatch(new RegExp(`^${line}`, 'm'));
    }
  });

  test('every number is of one identity', async () => {
    for (const run of [plateau, winner, loser]) await requireTraced(run);
    for (const { comparisons = [], identity } of [first, second]) {
      expect(comparisons.map(({ candidate }) => candidate.identity)).toEqual([identity, identity]);
      for (const { candidate, reference } of comparisons) await requireKnown(candidate, reference);
    }
    for (const promoted of [first, second]) {
      expect(await modelOf(promoted)).toMatchObject({ state: 'READY', checkpoint: promoted.identity });
    }
  });
});
