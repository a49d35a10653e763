import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoredCheckpoint, StoredLease } from '../../store/index.ts';
import { ExperimentError } from '../../files/experiment/experiment-error.ts';
import { colours } from '../../client/cli/render/colours.ts';
import { replayLines } from '../../client/cli/render/replay.ts';
import { readRules } from '../../client/replay/policy-file.ts';
import { replayPolicy, type Recorded, type Replayed } from '../../client/replay/replay-policy.ts';
import { usedAt } from '../../client/replay/used-at.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import type { Verdict } from '../../domain/words/run.ts';
import { metrics, numbersOf, SPEC } from '../store/fixtures.ts';
import { storedCheckpoint } from './checkpoints.ts';

const own = RunSpec.parse({ ...SPEC, train: { ...SPEC.train, steps: 40 }, checkpoint: { every: 10 } });
const policy = (rules: object): RunSpec['policy'] => RunSpec.shape.policy.parse(rules);
const goOn: Verdict = { kind: 'continue', reason: 'so far so good' };

/** A checkpoint every ten steps, with these scores; the last verdict ended the run. */
function recorded(scores: number[], last: Verdict, change: Partial<Recorded> = {}): Recorded {
  const checkpoints = scores.map((score, index) => ({
    ...storedCheckpoint(`step-${index * 10}`, { step: index * 10, score }),
    verdict: index === scores.length - 1 ? last : goOn,
  }));
  const steps = numbersOf(
    Array.from({ length: (scores.length - 1) * 10 }, (_, index) => metrics(index + 1, { lossMean: 1 })),
  );
  return { spec: own, plan: {}, plannedSteps: 40, steps, checkpoints, usedAt: used, ...change };
}

/** With another loss of one step. */
function withLoss({ step, lossMean }: Recorded['steps'], at: number, loss: number): Recorded['steps'] {
  const [steps, losses] = [Float64Array.from(step), Float64Array.from(lossMean)];
  losses[steps.indexOf(at)] = loss;
  return { step: steps, lossMean: losses };
}

const used = (step: number): ReturnType<Recorded['usedAt']> => ({ hours: step, cost: step * 2, tokens: step * 64 });
const kinds = ({ verdicts }: Replayed): (string | undefined)[] => verdicts.map(({ replayed }) => replayed?.kind);
const done: Verdict = { kind: 'stop', reason: 'all 40 steps are done' };
const scores = [0, 0.3, 0.2, 0.2, 0.2];

describe('replayPolicy', () => {
  test('by the own policy, tells the verdicts that were', () => {
    const replay = replayPolicy(recorded(scores, done), own);
    expect(kinds(replay)).toEqual(['continue', 'continue', 'continue', 'continue', 'stop']);
    expect(replay.verdicts.some(({ differs }) => differs)).toBe(false);
    expect(replay.end).toEqual({ ...done, step: 40, checkpoint: 'step-40' });
  });

  test('a verdict acts when the next checkpoint is due, where training went on meanwhile', () => {
    const replay = replayPolicy(recorded(scores, done), { policy: policy({ patience: 1 }), budget: {} });
    expect(kinds(replay)).toEqual(['continue', 'continue', 'stop', undefined, undefined]);
    expect(replay.end).toMatchObject({ kind: 'stop', checkpoint: 'step-20', step: 30 });
    expect(replay.verdicts.map(({ differs }) => differs)).toEqual([false, false, true, true, true]);
  });

  test('and at once, where it did not', () => {
    const spec = { ...own, evaluate: { ...own.evaluate, mode: 'blocking' as const } };
    const replay = replayPolicy(recorded(scores, done, { spec }), { policy: policy({ patience: 1 }), budget: {} });
    expect(replay.end).toMatchObject({ checkpoint: 'step-20', step: 20 });
  });

  test('a plateau ends the run by branching', () => {
    const plateau = { patience: 2, branches: [{ 'train.optimizer.learningRate': 1e-4 }] };
    const replay = replayPolicy(recorded(scores, done), { policy: policy({ plateau }), budget: {} });
    expect(replay.end).toMatchObject({ kind: 'branch', checkpoint: 'step-30', step: 40 });
    expect(replay.end?.reason).toContain('branches from step-10');
  });

  test('where the run ended and the policy goes on, nobody knows more', () => {
    const impatient = { ...own, policy: policy({ patience: 1 }) };
    const run = recorded([0, 0.3, 0.2], { kind: 'stop', reason: 'no gain' }, { spec: impatient });
    const replay = replayPolicy(run, { policy: policy({ patience: 3 }), budget: {} });
    expect(kinds(replay)).toEqual(['continue', 'continue', 'continue']);
    expect(replay).not.toHaveProperty('end');
    expect(replayPolicy(run, impatient).end).toMatchObject({ kind: 'stop', checkpoint: 'step-20', step: 20 });
  });

  test('a spike acts at once, on steps from before the checkpoint too', () => {
    const run = recorded(scores, done);
    const steps = withLoss(run.steps, 13, 5);
    const rules = { policy: policy({ spike: { factor: 3, window: 12 } }), budget: {} };
    const replay = replayPolicy({ ...run, steps }, rules);
    expect(kinds(replay)).toEqual(['continue', 'continue', undefined, undefined, undefined]);
    expect(replay.end).toMatchObject({ step: 13, diverged: true });
    expect(replay.end?.reason).toContain('the loss 5.000 of step 13 is 5.0 times the median 1.000');
  });

  test('what a step gives away comes before the verdict that waits for the next checkpoint', () => {
    const run = recorded(scores, done);
    const steps = withLoss(run.steps, 25, Number.NaN);
    const replay = replayPolicy({ ...run, steps }, { policy: policy({ patience: 1 }), budget: {} });
    expect(kinds(replay)).toEqual(['continue', 'continue', 'stop', undefined, undefined]);
    expect(replay.end).toEqual({
      kind: 'stop',
      step: 25,
      reason: 'the loss of step 25 is not a finite number',
      diverged: true,
    });
  });

  test('a budget ends the run between checkpoints', () => {
    const replay = replayPolicy(recorded(scores, done), { policy: policy({}), budget: { maxTokens: 1000 } });
    // 15 steps of 64 tokens are 960.
    expect(replay.end).toEqual({ kind: 'stop', step: 16, reason: 'budget.maxTokens of 1000 is used up: 1024 tokens' });
  });

  test('the checkpoint that a spent budget left behind is told by it again, and not by a larger one', () => {
    const reason = 'budget.maxTokens of 1900 is used up: 1920 tokens';
    const spec = { ...own, budget: { maxTokens: 1900 } };
    const run = recorded(scores.slice(0, 4), { kind: 'stop', reason }, { spec });
    const again = replayPolicy(run, spec);
    expect(again.verdicts.at(-1)).toMatchObject({ replayed: { kind: 'stop', reason }, differs: false });
    const larger = replayPolicy(run, { policy: spec.policy, budget: { maxTokens: 9000 } });
    expect(kinds(larger)).toEqual(['continue', 'continue', 'continue', 'continue']);
    expect(larger).not.toHaveProperty('end');
  });

  test('a stop that somebody asked for stands, whatever the policy', () => {
    const run = recorded(scores.slice(0, 3), { kind: 'stop', reason: 'stopped by request' });
    const replay = replayPolicy(run, { policy: policy({ patience: 3 }), budget: {} });
    expect(replay.end).toEqual({ kind: 'stop', reason: 'stopped by request', step: 20, checkpoint: 'step-20' });
  });

  test('a final base was evaluated, and is not judged; what was never evaluated stays as it is', () => {
    const unproved = { kind: 'inconclusive' as const, reason: 'not evaluated: no replica' };
    const { checkpoints, ...run } = recorded(scores, done);
    const changed: StoredCheckpoint[] = [
      ...checkpoints.map((report) =>
        report.checkpoint.step === 20 ? { ...storedCheckpoint('step-20', { step: 20 }), verdict: unproved } : report,
      ),
      { ...storedCheckpoint('final-000040-g1', { step: 40, score: 0.2 }), verdict: done },
    ];
    const replay = replayPolicy({ ...run, checkpoints: changed }, own);
    expect(replay.verdicts).toHaveLength(5);
    expect(replay.verdicts[2]?.replayed).toEqual(unproved);
  });

  test('judges the suite that the policy names', () => {
    const run = recorded([0, 0, 0], goOn);
    const checkpoints = run.checkpoints.map((report, index) => ({
      ...report,
      suites:
        report.evaluation === undefined
          ? []
          : [{ ...report.evaluation, suite: 'hard', score: index / 2, low: index / 2 }],
    }));
    const rules = { policy: policy({ suite: 'hard', target: 0.5 }), budget: {} };
    const plan = { suites: [{ name: 'hard', promptSet: 'hard', prompts: 10 }] };
    const suites = (every: number): RunSpec => ({
      ...own,
      evaluate: { ...own.evaluate, suites: { hard: { ...own.evaluate, every } } },
    });
    const replayed = (every: number): Replayed =>
      replayPolicy({ ...run, spec: suites(every), plan, checkpoints }, rules);
    expect(kinds(replayed(1))).toEqual(['continue', 'stop', undefined]);
    // Asked only because the run was over: nobody knew of it when step 10 was judged.
    expect(kinds(replayed(2))).toEqual(['continue', 'continue', 'stop']);
  });
});

describe('usedAt', () => {
  const lease = (plannedAt: string, releasedAt?: string): StoredLease => ({
    kind: 'trainer',
    id: plannedAt,
    runId: 'run',
    plannedAt,
    ...(releasedAt !== undefined && { releasedAt }),
  });

  test('adds the steps since the last checkpoint, and leaves out what was not rented', () => {
    const at = usedAt({
      steps: numbersOf(Array.from({ length: 30 }, (_, index) => metrics(index + 1, { seconds: 60, tokens: 10 }))),
      checkpoints: [{ ...storedCheckpoint('step-20', { step: 20 }), savedAt: '2026-11-26T13:00:00.000Z' }],
      // Paused from 11 to 12.
      leases: [lease('2026-11-26T10:00:00.000Z', '2026-11-26T11:00:00.000Z'), lease('2026-11-26T12:00:00.000Z')],
      costPerHour: 4,
    });
    expect(at(20)).toEqual({ hours: 2, cost: 8, tokens: 200 });
    expect(at(26)).toEqual({ hours: 2.1, cost: 8.4, tokens: 260 });
    expect(at(6).hours).toBeCloseTo(0.1);
    // In whatever order they are asked about, beyond the last one and back.
    expect(at(99)).toEqual({ hours: expect.closeTo(2 + 10 / 60), cost: expect.closeTo(8 + 40 / 60), tokens: 300 });
    expect([26, 20, 30, 1, 26, 0].map((step) => at(step).tokens)).toEqual([260, 200, 300, 10, 260, 0]);
    expect(at(26).hours).toBe(2.1);
  });
});

describe('a policy file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pawl-policy-'));
  });
  afterAll(async () => rm(folder, { recursive: true }));

  async function read(text: string, spec = own): Promise<unknown> {
    const file = join(folder, 'policy.yaml');
    await writeFile(file, text);
    try {
      return await readRules(file, spec);
    } catch (error) {
      if (!(error instanceof ExperimentError)) throw error;
      return error.problems.map((problem) => problem.replace(`${folder}/`, ''));
    }
  }

  test('is a policy by itself, beside the budget of the run', async () => {
    const spec = { ...own, budget: { maxHours: 3 } };
    expect(await read('patience: 2\n', spec)).toEqual({
      policy: { direction: 'maximize', minGain: 0, patience: 2 },
      budget: { maxHours: 3 },
    });
  });

  test('or what an experiment says of it', async () => {
    const text = 'name: other\ntrain: {steps: 7}\npolicy: {target: 0.5}\nbudget: {maxTokens: 10}\n';
    expect(await read(text)).toEqual({
      policy: { direction: 'maximize', minGain: 0, target: 0.5 },
      budget: { maxTokens: 10 },
    });
    expect(await read('name: other\ntrain: {steps: 7}\n')).toMatchObject({ policy: { minGain: 0 }, budget: {} });
  });

  test('is refused with place and remedy', async () => {
    expect(await read('patience: 2\npatiense: 3\n')).toEqual([
      'policy.yaml:2:1 patiense: unknown field. Did you mean "patience"?',
    ]);
    expect(await read('policy:\n  target: 70\n')).toEqual([
      'policy.yaml:2:3 policy.target: scores run from 0 to 1, got 70. For 70 % write 0.7.',
    ]);
    expect(await read('suite: hard\n')).toEqual([
      'policy.yaml:1:1 suite: there is no suite "hard" in evaluate.suites. Name one of main; or validation-loss.',
    ]);
  });
});

describe('the screen', () => {
  const plain = colours(false);

  test('shows both verdicts, where they differ, and what had been saved', () => {
    const rules = { policy: policy({ patience: 1 }), budget: {} };
    const replayed = replayPolicy(recorded(scores, done), rules);
    const run = { runId: 'speller-1', outcome: 'finished' as const, reason: done.reason, changes: [] };
    const facts = { ...run, ...rules, ...replayed };
    const saved = { steps: 10, hours: 0.5, cost: 3, tokens: 640 };
    expect(replayLines({ ...facts, saved }, plain, 110).join('\n')).toMatchInlineSnapshot(`
     "step  checkpoint  exact_match [95 %]   recorded     replayed     because
     0     step-0      0.0 % [-10.0, 10.0]  continue  =  continue     baseline exact_match 0.0 %
     10    step-10     30.0 % [20.0, 40.0]  continue  =  continue     exact_match 30.0 %: 30.0 % better than the b…
     20    step-20     20.0 % [10.0, 30.0]  continue  ≠  stop         no gain above 0.0 % over 30.0 % in 1 evaluat…
     30    step-30     20.0 % [10.0, 30.0]  continue  ≠  not reached
     40    step-40     20.0 % [10.0, 30.0]  stop      ≠  not reached

     3 of 5 verdicts differ
     replayed: speller-1 ends after 30 steps, by the verdict on step-20: no gain above 0.0 % over 30.0 % in 1 evaluation, a difference within its interval
     recorded: finished, 40 steps: all 40 steps are done
     saved: 10 steps, 640 tokens, about 30 m 00 s of rent, 3.00 in cost"
    `);
  });

  test('says where the policy had gone on', () => {
    const spec = { ...own, policy: policy({ patience: 1 }) };
    const replayed = replayPolicy(recorded([0, 0.3, 0.2], { kind: 'stop', reason: 'no gain' }, { spec }), own);
    const { policy: by, budget } = own;
    const run = { runId: 'speller-1', outcome: 'finished' as const, changes: [] };
    const lines = replayLines({ ...run, policy: by, budget, ...replayed }, plain, 110);
    expect(lines.slice(-3)).toEqual([
      '1 of 3 verdicts differ',
      'replayed: speller-1 would have gone on; nothing is recorded after step 20',
      'recorded: finished, 20 steps',
    ]);
  });
});
