import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../store/index.ts';
import type { RunDetails } from '../../client/runs/run-view.ts';
import { writeExperiment } from './experiment.ts';
import { Pawl } from './pawl.ts';

const pawl = new Pawl();

beforeAll(async () => {
  await pawl.up();
}, 600_000);

afterAll(async () => {
  await pawl.cleanUp();
}, 300_000);

const EVALUATE = {
  prompts: 'heldout.jsonl',
  grader: 'edit_similarity',
  maxTokens: 8,
  concurrency: 8,
  suites: {
    sure: { prompts: 'heldout.jsonl', maxTokens: 8, temperature: 0.5, samplesPerPrompt: 3, passAt: 2, limit: 5 },
    rare: { prompts: 'heldout.jsonl', grader: 'perplexity', every: 2 },
  },
};

function warningsOf({ events }: RunDetails): string[] {
  return events
    .filter(({ level }) => level !== 'info')
    .map(({ key }) => key)
    .sort();
}

/** Every evaluation whose answers were cut is warned of, and nothing else is. */
function cutsOf({ checkpoints }: RunDetails): string[] {
  const evaluations = checkpoints.flatMap(({ evaluation, suites = [] }) => [evaluation, ...suites]);
  return evaluations.flatMap((one) => (one?.cut === undefined || one.cut === 0 ? [] : [`cut/${one.id}`])).sort();
}

test('a run evaluates its suites at their cadence, each against the identity of the checkpoint', async () => {
  const result = await pawl.finish(writeExperiment(join(pawl.home, 'suites'), { evaluate: EVALUATE }));
  expect(result.outcome).toBe('finished');
  const run = await pawl.show(result.runId);
  const due = run.checkpoints.map(({ checkpoint, suites }) => [checkpoint.step, suites?.map(({ suite }) => suite)]);
  expect(due).toEqual([
    [0, ['rare', 'sure']],
    [10, ['sure']],
    [20, ['rare', 'sure']],
    [30, ['rare', 'sure']],
  ]);
  for (const { checkpoint, evaluation, suites = [] } of run.checkpoints) {
    for (const scored of [evaluation, ...suites]) expect(scored?.identity).toBe(checkpoint.identity);
    const sure = suites.find(({ suite }) => suite === 'sure');
    expect(sure).toMatchObject({ metric: 'pass@2 exact_match', samples: 15, prompts: 5, missing: 0 });
    expect(sure?.entropy).toBeGreaterThan(0);
  }
  const likelier = run.checkpoints.flatMap(({ suites = [] }) => suites.filter(({ suite }) => suite === 'rare'));
  const [before, , after] = likelier.map(({ score }) => score);
  expect(after).toBeGreaterThan(2 * (before ?? 1));
  expect(likelier[0]).toMatchObject({ metric: '1/perplexity', samples: 24, missing: 0 });
  expect(likelier[0]).not.toHaveProperty('entropy');
  expect(warningsOf(run)).toEqual(cutsOf(run));
  expect(cutsOf(run).length).toBeGreaterThan(0);
}, 600_000);

test('several samples of a prompt are drawn apart, each once', async () => {
  const runId = await pawl.withRuns(async (runs) => (await runs.list()).runs[0]?.runId ?? '');
  const { checkpoints } = await pawl.show(runId);
  const id = checkpoints.at(-1)?.suites?.find(({ suite }) => suite === 'sure')?.id ?? '';
  const store = await openStore({ path: join(pawl.home, 'pawl.db'), readonly: true });
  const samples = await store.samples(id);
  await store.close();
  const keys = samples.map(({ promptIndex, sampleIndex }) => `${promptIndex}.${sampleIndex}`);
  expect(new Set(keys).size).toBe(15);
  expect(id).toMatch(new RegExp(`^${runId}/step-000030-g1-.*/sure/p\\d+a1$`));
  // With one seed for all, the answers to a prompt would be the same.
  const answers = new Set(samples.map((sample) => (sample.kind === 'produced' ? JSON.stringify(sample.tokens) : '')));
  expect(answers.size).toBeGreaterThan(5);
});

test('what a run stops with is evaluated on every suite, whether it was due or not', async () => {
  const suites = { rare: { prompts: 'heldout.jsonl', grader: 'perplexity', every: 7 } };
  const experiment = writeExperiment(join(pawl.home, 'stopped'), {
    evaluate: { ...EVALUATE, suites },
    checkpoint: { every: 10, baseEvery: 1 },
    // No gain is enough: it stops at its second evaluation.
    policy: { patience: 1, minGain: 1 },
  });
  const result = await pawl.finish(experiment);
  expect(result.outcome).toBe('finished');
  const run = await pawl.show(result.runId);
  const { checkpoints } = run;
  expect(checkpoints.map(({ checkpoint, verdict }) => [checkpoint.step, verdict?.kind])).toEqual([
    [0, 'continue'],
    [10, 'stop'],
  ]);
  const { identity } = checkpoints[1]?.checkpoint ?? {};
  expect(checkpoints[1]?.suites).toMatchObject([
    { suite: 'rare', id: expect.stringContaining(`/${identity}/rare/`), identity, samples: 24 },
  ]);
  expect(warningsOf(run)).toEqual(cutsOf(run));
}, 600_000);

test('a judge behind an endpoint grades, with a key that nobody but the worker knows', async () => {
  const key = 'sk-only-the-worker-knows';
  await pawl.worker('judged', { PAWL_GRADER_JUDGE: key });
  const { sandboxUrl = '' } = await pawl.stack();
  const judge = {
    url: `${sandboxUrl}/inference/v1`,
    model: 'accounts/fireworks/models/pawl-judge',
    keyVariable: 'PAWL_GRADER_JUDGE',
  };
  const evaluate = { prompts: 'heldout.jsonl', grader: { judge }, maxTokens: 8 };
  const experiment = writeExperiment(join(pawl.home, 'judged'), { evaluate });
  const runId = await pawl.start(experiment, { taskQueue: 'judged' });
  const { checkpoints, outcome } = await pawl.until(
    runId,
    ({ outcome: now }) => now === 'finished' || now === 'failed',
  );
  expect(outcome).toBe('finished');
  const evaluations = checkpoints.map(({ evaluation }) => evaluation);
  for (const evaluation of evaluations) {
    expect(evaluation).toMatchObject({ metric: `judge ${judge.model}`, samples: 24, missing: 0 });
  }
  expect(evaluations.at(-1)?.score).toBeGreaterThan(evaluations[0]?.score ?? 1);
  const store = [readFileSync(join(pawl.home, 'pawl.db')), readFileSync(join(pawl.home, 'pawl.db-wal'))];
  const history = readFileSync(join(pawl.home, 'temporal', 'temporal.db'));
  for (const file of [...store, history, readFileSync(join(pawl.home, 'judged.log'))]) {
    expect(file.includes(key)).toBe(false);
  }
}, 600_000);
