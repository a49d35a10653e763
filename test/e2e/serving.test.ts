import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createFireworksBackend } from '../../activities/backends/fireworks/index.ts';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import { openPromptSet } from '../../activities/data/prompt-set.ts';
import type { Sample } from '../../activities/ports.ts';
import { openStore, type ProducedSample } from '../../store/index.ts';
import type { Reproduction } from '../../client/serving/reproduction.ts';
import type { StackInfo } from '../../client/local/stack.ts';
import { storeFile } from '../../client/runs/run-store.ts';
import type { RunDetails } from '../../client/runs/run-view.ts';
import type { BisectReport, RollbackReport } from '../../domain/words/serving.ts';
import type { GcReport } from '../../domain/words/gc.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { ReconcileReport } from '../../domain/words/reconcile.ts';
import { writeExperiment } from './experiment.ts';
import { Pawl } from './pawl.ts';

const pawl = new Pawl();
const EAGER = 'eager';
/** Checkpoints at 0 (base), 4 and 8 (deltas), 12 (base); its deployment stays. */
const KEPT = {
  train: { steps: 12, batchSize: 16, seed: 3, windowSteps: 4, optimizer: { learningRate: 0.01 } },
  checkpoint: { every: 4, baseEvery: 3 },
  deployment: { replicas: 2, onFinish: 'keep' },
};
let stack: StackInfo;
let connection: Connection;
let temporal: Client;
let kept: RunDetails;

async function finished(name: string, changes: Record<string, unknown>): Promise<RunDetails> {
  const result = await pawl.finish(writeExperiment(join(pawl.home, name), changes));
  expect(result).toMatchObject({ outcome: 'finished' });
  return pawl.show(result.runId);
}

async function json<T>(args: string[], expected = 0, environment: Record<string, string> = {}): Promise<T> {
  const { stdout, stderr, code } = await pawl.run([...args, '--output', 'json'], environment);
  if (code !== expected) throw new Error(`${args.join(' ')} exits with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** Ids of the deployments that are rented. */
async function rented(): Promise<string[]> {
  const { rented } = await pawl.ledger();
  return rented.deployments.map((row) => (row as { name: string }).name.split('/').at(-1) ?? '').sort();
}

function rowAt({ checkpoints }: RunDetails, step: number): RunDetails['checkpoints'][number] {
  const row = checkpoints.find(({ checkpoint }) => checkpoint.step === step);
  if (row === undefined) throw new Error(`no checkpoint at step ${step}`);
  return row;
}

function planOf({ stored }: RunDetails): Plan {
  if (stored?.plan === undefined) throw new Error('the run has no plan');
  return stored.plan;
}

/** What the deployment answers to a prompt that was asked before, greedily. */
async function answerOf(deploymentId: string, run: RunDetails, { promptIndex }: ProducedSample): Promise<Sample> {
  const plan = planOf(run);
  const prompts = await openPromptSet(openArtifacts(join(pawl.home, 'artifacts')), plan.promptSet);
  const backend = createFireworksBackend({ apiKey: 'sandbox', baseUrl: stack.sandboxUrl ?? '' });
  try {
    return await backend.sampler.sample(
      { deploymentId, baseModel: plan.baseModel, replicas: 2 },
      {
        promptTokens: prompts[promptIndex]?.tokens ?? [],
        maxTokens: 8,
        temperature: 0,
        stop: ['<eos>'],
        requestId: 'f'.repeat(32),
      },
      AbortSignal.timeout(30_000),
    );
  } finally {
    await backend.close();
  }
}

async function samplesOf(evaluationId: string): Promise<ProducedSample[]> {
  const store = await openStore({ path: storeFile(pawl.home), readonly: true });
  try {
    const samples = await store.samples(evaluationId);
    return samples.filter((sample): sample is ProducedSample => sample.kind === 'produced');
  } finally {
    await store.close();
  }
}

beforeAll(async () => {
  stack = await pawl.up();
  await pawl.worker(EAGER, { PAWL_LEASE_GRACE_SECONDS: '1', PAWL_RECONCILE_SECONDS: '86400' });
  connection = await Connection.connect({ address: stack.temporalAddress ?? '' });
  temporal = new Client({ connection, namespace: stack.temporalNamespace });
  kept = await finished('kept', KEPT);
}, 600_000);

afterAll(async () => {
  await connection.close();
  await pawl.cleanUp();
}, 300_000);

describe('an evaluation is drawn again', () => {
  test('of a delta, on a deployment of its own, long after its trainer: every answer is the same', async () => {
    const { runId } = kept;
    const { evaluation, checkpoint } = rowAt(kept, 8);
    expect(checkpoint.snapshotType).toBe('delta');
    const found = await json<Reproduction>(['reproduce', `${runId}@8`]);
    expect(found).toMatchObject({ reproduced: true, greedy: true, before: { id: evaluation?.id } });
    expect(found.answers).toEqual({ pairs: 24, identical: 24, unpaired: 0, maxLogprobDifference: 0 });
    expect(found.after).toMatchObject({ identity: checkpoint.identity, score: evaluation?.score });
    expect(await rented()).toEqual([`${runId}-deploy`]);

    const again = await pawl.show(runId);
    expect(rowAt(again, 8).evaluation?.id).toBe(evaluation?.id);
    expect(again.appraisals).toMatchObject([{ evaluations: [{ id: found.after.id }] }]);
    const text = await pawl.run(['reproduce', found.after.id]);
    expect(text).toMatchObject({ code: 0, stdout: expect.stringContaining('24 of 24 answers are identical') });
  }, 600_000);

  test('with random answers, by the seeds they were drawn with', async () => {
    const evaluate = { prompts: 'heldout.jsonl', grader: 'edit_similarity', maxTokens: 8, temperature: 1 };
    const { runId } = await finished('random', { ...KEPT, evaluate, deployment: { replicas: 1, onFinish: 'delete' } });
    const found = await json<Reproduction>(['reproduce', `${runId}@4`]);
    expect(found).toMatchObject({ reproduced: true, greedy: false, answers: { pairs: 24, identical: 24 } });
  }, 600_000);
});

describe('a deployment is taken back', () => {
  test('to a delta: base and delta are loaded, every replica reports it, and it answers as it did', async () => {
    const { runId } = kept;
    const { checkpoint, evaluation } = rowAt(kept, 8);
    const report = await json<RollbackReport>(['rollback', `${runId}-deploy`, `${runId}@8`]);
    expect(report.previousIdentity).toBe(rowAt(kept, 12).checkpoint.identity);
    expect(report.previousTrainer).toBeUndefined();
    expect(report.loaded.map(({ identity, replicas }) => [identity, replicas])).toEqual(
      [0, 4, 8].map((step) => [rowAt(kept, step).checkpoint.identity, 2]),
    );
    const reported = { ready: true, identity: checkpoint.identity };
    expect(report.replicas).toEqual([reported, reported]);
    const samples = await samplesOf(evaluation?.id ?? '');
    for (const sample of samples.slice(0, 4)) {
      expect((await answerOf(`${runId}-deploy`, kept, sample)).tokens).toEqual(sample.tokens);
    }
    const { events } = await pawl.show(runId);
    expect(events.at(-1)?.message).toMatch(
      /-deploy was taken back from step-000012.* to step-000008.* by .*@.*2 replicas/,
    );
  }, 600_000);

  test('to a checkpoint of another run: it is linked to the trainer that saved it', async () => {
    const other = await finished('other', { ...KEPT, deployment: { replicas: 1, onFinish: 'delete' } });
    const { code, stdout } = await pawl.run(['rollback', `${kept.runId}-deploy`, `${other.runId}@best`]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/linked to the trainer that saved it/) });
    expect(stdout).toMatch(/replica 2 of 2 reports step-0000/);
  }, 600_000);

  test('one at a time, and also where the worker is killed on the way', async () => {
    const { runId } = kept;
    const request = { deploymentId: `${runId}-deploy`, requestedBy: 'a test' };
    await pawl.withRuns(async ({ serving }) => {
      let report: Promise<RollbackReport> | undefined;
      await new Promise<string>((onStart) => {
        report = serving.rollback({ ...request, checkpoint: `${runId}@4` }, { onStart });
      });
      const second = serving.rollback({ ...request, checkpoint: `${runId}@8` });
      await expect(second).rejects.toThrow(/pawl-rollback-.*-deploy is under way already\. Wait/);
      await pawl.killWorker();
      const { identity } = rowAt(kept, 4).checkpoint;
      const reported = { ready: true, identity };
      expect(await report).toMatchObject({ checkpoint: { identity }, replicas: [reported, reported] });
    });
    const { events } = await pawl.show(runId);
    expect(events.filter(({ message }) => message.includes('by a test'))).toHaveLength(1);
  }, 600_000);

  test('unless it is not pawl’s, not there, or a live run works with it', async () => {
    const endless = { train: { steps: 100_000, batchSize: 16, optimizer: { learningRate: 0.01 } } };
    const live = await pawl.start(writeExperiment(join(pawl.home, 'live'), endless));
    await pawl.until(live, ({ checkpoints }) => checkpoints.some(({ sync }) => sync !== undefined));
    await pawl.holdTrainer(live);
    const refused = [
      { args: [`${live}-deploy`, `${kept.runId}@8`], words: /is used by reverse-.*, which goes on: .*pawl stop/ },
      { args: ['by-hand', `${kept.runId}@8`], words: /by-hand was not created by pawl.*--force/ },
      { args: ['by-hand', `${kept.runId}@8`, '--force'], words: /There is no deployment by-hand/ },
      { args: [`${kept.runId}-deploy`, `${kept.runId}@9`], words: /has no checkpoint at step 9\. It has step-/ },
    ];
    for (const { args, words } of refused) {
      const { code, stderr } = await pawl.run(['rollback', ...args]);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(words) });
    }
    await pawl.run(['stop', live, '--now']);
    await pawl.until(live, ({ outcome }) => outcome === 'cancelled');
  }, 600_000);
});

/** Long answers, which an untrained model gives and a trained one does not. */
const LONG = 'export const score = (output) => (output.trim().length > 9 ? 1 : 0);';

test('a search finds the checkpoint that made the score of a suite fall, on one deployment', async () => {
  const folder = join(pawl.home, 'falling');
  const suite = { prompts: 'heldout.jsonl', grader: { module: 'long.mjs', binary: true }, maxTokens: 8 };
  // The one is evaluated at every checkpoint, and so knows the answer; the other at the first and the last only.
  const suites = { dense: suite, sparse: { ...suite, every: 100 } };
  const evaluate = { prompts: 'heldout.jsonl', grader: 'edit_similarity', maxTokens: 8, suites };
  // A slow start leaves the fall for later.
  const schedule = { warmupSteps: 24 };
  const train = { steps: 24, batchSize: 16, seed: 3, schedule, optimizer: { learningRate: 0.004 } };
  const path = writeExperiment(folder, { evaluate, train, checkpoint: { every: 3, baseEvery: 4 } });
  writeFileSync(join(folder, 'long.mjs'), LONG);
  const result = await pawl.finish(path);
  const run = await pawl.show(result.runId);
  const dense = run.checkpoints.map(({ checkpoint, suites: found = [] }) => ({
    name: checkpoint.name,
    score: found.find((one) => one.suite === 'dense')?.score,
  }));

  const report = await json<BisectReport>(['bisect', run.runId, '--suite', 'sparse']);
  expect(report.outcome).toBe('found');
  expect(report.probes.filter(({ drawn }) => !drawn)).toHaveLength(2);
  const drawn = report.probes.filter((probe) => probe.drawn);
  expect(drawn.length).toBeGreaterThan(0);
  for (const { checkpoint, evaluation } of report.probes) {
    expect(evaluation.score).toBe(dense.find(({ name }) => name === checkpoint)?.score);
  }
  const places = [report.lastGood, report.firstBad].map((name) => dense.findIndex((row) => row.name === name));
  expect(places[1]).toBe((places[0] ?? 0) + 1);
  expect(report.deploymentState).toBe('gone');
  // One deployment for all of them.
  expect((await pawl.show(run.runId)).appraisals).toHaveLength(1);

  const text = await pawl.run(['bisect', run.runId, '--suite', 'dense']);
  expect(text.stdout).toContain(`first bad checkpoint: ${report.firstBad}`);
  expect(text.stdout).toMatch(/learning rate 0\.00\d+ → 0\.00\d+, loss \d/);
}, 600_000);

test('samples that nothing leads to, and artifacts that nothing refers to, are removed; scores stay', async () => {
  const { runId } = kept;
  const folder = join(pawl.home, 'artifacts');
  const artifacts = openArtifacts(folder);
  const stray = await artifacts.put(Buffer.from('nobody refers to this'));
  const data = planOf(kept).dataset;
  const long = new Date(Date.now() - 48 * 3_600_000);
  for (const hash of [stray, data]) utimesSync(join(folder, hash.slice(0, 2), hash.slice(2)), long, long);

  // Of four checkpoints the first is the baseline, the last the best or not, and the deltas between are led to or not.
  const other = await finished('gone', { ...KEPT, deployment: { replicas: 1, onFinish: 'delete' } });
  const dry = await json<GcReport>(['gc', '--dry-run']);
  expect(dry.artifacts.items).toEqual([{ hash: stray, bytes: 21, promptSet: false }]);
  expect(dry.keptArtifacts.items.find(({ hash }) => hash === data)?.reason).toMatch(/^run reverse-/);
  const unreachable = dry.samples.items.filter((one) => one.runId === other.runId);
  expect(unreachable.length).toBeGreaterThan(0);
  expect(await artifacts.get(stray)).toHaveLength(21);

  const text = await pawl.run(['gc', '--yes', '--verbose']);
  expect(text.stdout).toMatch(new RegExp(`removed: 1 artifact, 21 B\n  ${stray.slice(0, 12)}`));
  expect(text.stdout).toMatch(new RegExp(`${runId}  step-000012-g1  .*the last of its run`));
  const done = await json<GcReport>(['gc', '--yes']);
  expect([done.samples.count, done.artifacts.count]).toEqual([0, 0]);
  await expect(openArtifacts(folder).get(stray)).rejects.toThrow(/is not in/);
  const after = await pawl.show(other.runId);
  expect(after.checkpoints).toEqual(
    other.checkpoints.map((row) => expect.objectContaining({ checkpoint: row.checkpoint, evaluation: row.evaluation })),
  );
  const names = unreachable.map(({ checkpoint }) => checkpoint);
  for (const { checkpoint, evaluation = { id: '' } } of after.checkpoints) {
    expect(await samplesOf(evaluation.id)).toHaveLength(names.includes(checkpoint.name) ? 0 : 24);
  }
  const refused = await pawl.run(['reproduce', `${other.runId}@${names[0]}`]);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/samples .* were removed \(pawl gc\)/) });
}, 600_000);

test('what a terminated appraisal rents is retired, whatever became of its run long ago', async () => {
  const started = await pawl.withRuns(async ({ serving }) => {
    const { spec, plan } = kept.stored ?? {};
    if (spec === undefined || plan === undefined) throw new Error('the run has no plan');
    const subject = { runId: kept.runId, checkpoint: rowAt(kept, 8).checkpoint.name };
    const request = { subject, suite: { evaluate: spec.evaluate, plan }, reason: 'to be cut off' };
    let cutOff = Promise.resolve();
    const id = await new Promise<string>((onStart) => {
      cutOff = expect(serving.appraise(request, { onStart })).rejects.toThrow(/was terminated: by a test/);
    });
    while (!(await rented()).includes(id)) await sleep(10);
    await temporal.workflow.getHandle(id).terminate('by a test');
    await cutOff;
    return id;
  });
  expect(await rented()).toContain(started);
  await sleep(1_000);
  const report = await json<ReconcileReport>(['reconcile'], 0, { PAWL_TASK_QUEUE: EAGER });
  expect(report.retired).toMatchObject([{ id: started, holder: started, runId: kept.runId }]);
  expect(await rented()).toEqual([`${kept.runId}-deploy`]);
}, 600_000);
