/** A sweep with early stopping: the same trials, scores, stops and winner, whenever a worker dies in it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { RunBuckets } from '../../chaos/snapshots.ts';
import { EXIT } from '../../client/cli/commands/exit-codes.ts';
import type { SweepReplay } from '../../client/sweeps/replay-sweep.ts';
import type { PromotionDetails } from '../../client/promotion/promotions.ts';
import type { SweepDetails } from '../../client/sweeps/sweeps.ts';
import { openStore } from '../../store/index.ts';
import { GATED, writeExperiment, writeOtherPrompts } from './experiment.ts';
import { Pawl, type Finished } from './pawl.ts';

const pawl = new Pawl();
let file: string;
/** The same sweep, whose winner nobody asks for. */
let unchosen: string;

beforeAll(async () => {
  await pawl.up();
  const experiment = writeExperiment(join(pawl.home, 'tried'), {
    train: { steps: 20, batchSize: 16, seed: 3, windowSteps: 5, optimizer: { learningRate: 0.01 } },
    prices: { trainerPerHour: 36 },
  });
  file = join(pawl.home, 'rates.yaml');
  unchosen = join(pawl.home, 'unchosen.yaml');
  const parameters = {
    'train.optimizer.learningRate': { distribution: 'log_uniform_values', min: 1e-6, max: 0.03 },
    'train.batchSize': { values: [8, 16] },
  };
  const stopEarly = { rule: 'asha', reduction: 2, minSteps: 10 };
  const search = { startup: 3 };
  const searched = { method: 'tpe', parameters, trials: 6, concurrency: 2, seed: 5, search, stopEarly };
  const sweep = { name: 'rates', experiment, ...searched };
  writeFileSync(unchosen, stringify(sweep));
  const confirm = { prompts: writeOtherPrompts(pawl.home), top: 2 };
  writeFileSync(file, stringify({ ...sweep, confirm, promote: { to: 'speller', approval: true } }));
}, 600_000);

afterAll(async () => {
  await pawl.cleanUp();
}, 300_000);

/** A machine that has much to do answers late, and is asked again. */
async function answered(args: readonly string[]): Promise<Finished> {
  for (;;) {
    const finished = await pawl.run(args);
    if (finished.code !== EXIT.unreachable) return finished;
  }
}

async function submit(of: string): Promise<string> {
  const { code, stdout, stderr } = await answered(['sweep', 'run', of, '--detach']);
  if (code !== 0) throw new Error(`pawl sweep run ended with ${code}: ${stderr}`);
  return stdout.trim();
}

async function look(sweepId: string): Promise<SweepDetails> {
  return pawl.ask(({ sweeps }) => sweeps.show(sweepId));
}

async function shown(sweepId: string): Promise<SweepDetails> {
  const { code, stdout, stderr } = await answered(['sweep', 'show', sweepId, '--output', 'json']);
  if (code !== 0) throw new Error(`pawl sweep show ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as SweepDetails;
}

async function ended(sweepId: string): Promise<SweepDetails> {
  const { code, stderr } = await answered(['sweep', 'show', sweepId, '--follow']);
  if (code !== 0) throw new Error(`the sweep ended with ${code}: ${stderr}`);
  return shown(sweepId);
}

async function replay(sweepId: string, set: readonly string[]): Promise<SweepReplay> {
  const { code, stdout, stderr } = await answered(['sweep', 'replay', sweepId, ...set, '--output', 'json']);
  if (code !== 0) throw new Error(`pawl sweep replay ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as SweepReplay;
}

/** What a sweep is, but for its ids and times. */
function story({ trials, best, winner, outcome }: SweepDetails): object {
  return {
    outcome,
    winner: winner && { number: winner.number, score: winner.score, again: winner.confirmed?.score },
    best: best && { number: best.number, step: best.step, score: best.score },
    trials: trials.map(({ number, state, reason, planned, scores, confirmation }) => ({
      number,
      state,
      reason,
      parameters: planned.parameters,
      again: confirmation?.kind === 'scored' ? confirmation.scored.score : confirmation,
      // A stopped trial's run may have gone a little further; what counts are the scores that were judged.
      scores: scores.map(({ step, score, verdict }) => ({ step, score, stop: verdict?.stop })),
    })),
  };
}

/** When a worker is killed. */
const MOMENTS: readonly ((sweep: SweepDetails) => boolean)[] = [
  ({ trials }) => trials.length === 2,
  ({ trials }) => trials.length === 4,
  ({ outcome }) => outcome === 'choosing',
];

async function when(sweepId: string, holds: (sweep: SweepDetails) => boolean): Promise<void> {
  for (;;) {
    const now = await look(sweepId).catch(() => undefined);
    if (now !== undefined && holds(now)) return;
    await sleep(100);
  }
}

/** The best two were asked again, each on a deployment of its own, and the better one passes the gate by what it scored then. */
async function expectConfirmed({ sweepId, trials, winner, promotion }: SweepDetails): Promise<void> {
  const asked = trials.filter(({ confirmation }) => confirmation !== undefined);
  expect(asked).toHaveLength(2);
  const scores = asked.flatMap(({ confirmation }) =>
    confirmation?.kind === 'scored' ? confirmation.scored.score : [],
  );
  expect(winner?.confirmed).toMatchObject({ score: Math.max(...scores), prompts: GATED });
  expect(promotion).toMatchObject({ alias: 'speller', state: 'awaiting-approval' });
  expect((await answered(['approve', 'speller'])).code).toBe(0);
  while ((await look(sweepId)).promotion?.state !== 'promoted') await sleep(200);
  const promoted = await answered(['promotions', String(promotion?.promotionId), '--output', 'json']);
  const { comparisons } = JSON.parse(promoted.stdout) as PromotionDetails;
  const candidate = { evaluation: winner?.confirmed?.evaluation };
  expect(comparisons).toMatchObject([{ suite: 'main (confirmed)', prompts: GATED, looks: 2, candidate }]);
}

test('tells the same story undisturbed and with three workers killed in it, and leaves nothing rented', async () => {
  const undisturbed = await ended(await submit(file));
  expect(undisturbed.outcome).toBe('finished');
  expect(undisturbed.trials).toHaveLength(6);
  const states = undisturbed.trials.map(({ state }) => state);
  expect(new Set(states)).toEqual(new Set(['finished', 'stopped']));
  for (const { state, scores, runId } of undisturbed.trials) {
    expect(scores.at(-1)?.step).toBe(state === 'stopped' ? 10 : 20);
    expect((await pawl.show(runId)).outcome).toBe('finished');
  }
  // By the rule's own words, and by the run's.
  const stopped = undisturbed.trials.find(({ state }) => state === 'stopped');
  expect(stopped?.reason).toMatch(/^at rung 10 of steps: .* set by trial \d+$/);
  expect((await pawl.show(stopped?.runId ?? '')).reason).toContain(stopped?.reason);
  expect(undisturbed.trials.every(({ cost, hours }) => hours > 0 && Math.abs(cost - 36 * hours) < 1e-6)).toBe(true);

  await expectConfirmed(undisturbed);

  const sweepId = await submit(file);
  for (const holds of MOMENTS) {
    await when(sweepId, holds);
    await pawl.killWorker();
  }
  const disturbed = await ended(sweepId);
  expect(story(disturbed)).toEqual(story(undisturbed));
  // Its winner answers as the champion does, and a tie promotes nobody.
  expect(disturbed.promotion).toMatchObject({ state: 'refused' });
  expect(disturbed.promotion?.reason).toContain('the champion of speller');
  expect((await pawl.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });

  const { stdout } = await answered(['sweep', 'show', sweepId]);
  expect(stdout).toContain('6 of 6 trials proposed');
  expect(stdout).toMatch(/the winner is trial \d+, .* on prompts that no trial was chosen by, /);
  expect((await answered(['sweep', 'list'])).stdout).toContain(sweepId);

  // Its own rule says the same of what is recorded, and one that stops nothing so early saves nothing.
  const again = await replay(sweepId, []);
  expect(again.changes).toEqual([]);
  expect(again.trials.map(({ stopped }) => stopped?.reason)).toEqual(disturbed.trials.map(({ reason }) => reason));
  const later = await replay(sweepId, ['--set', 'stopEarly.minSteps=1000']);
  expect(later.savedSteps).toBe(0);
  expect(later.trials.filter(({ unknown }) => unknown)).toHaveLength(states.filter((one) => one === 'stopped').length);
}, 900_000);

test('is paused without machines, changed, resumed, and stopped in good order', async () => {
  const sweepId = await submit(unchosen);
  while ((await look(sweepId).catch(() => undefined))?.trials.length !== 2) await sleep(100);
  await answered(['sweep', 'pause', sweepId]);
  while ((await look(sweepId)).outcome !== 'paused') await sleep(100);
  const idle = { trainerJobs: [], deployments: [] };
  while (JSON.stringify((await pawl.ledger()).rented) !== JSON.stringify(idle)) await sleep(200);
  expect((await answered(['sweep', 'extend', sweepId])).stderr).toContain('Nothing is to be changed.');
  const narrowed = ['--trials', '20', '--parameter', 'train.batchSize={values: [8]}'];
  await answered(['sweep', 'extend', sweepId, ...narrowed]);
  await answered(['sweep', 'resume', sweepId]);
  while ((await look(sweepId)).trials.length < 3) await sleep(100);
  await answered(['sweep', 'stop', sweepId, '--reason', 'enough']);

  const { stdout: log } = await answered(['sweep', 'show', sweepId, '--follow']);
  expect(log).toMatch(
    /paused: its runs return their machines[^]*it goes on[^]*from here on 20 trials in all, set by \w+@/,
  );
  const details = await look(sweepId);
  expect(details).toMatchObject({ outcome: 'finished', reason: 'enough' });
  expect(details.changes).toMatchObject([{ change: { parameters: { 'train.batchSize': { values: [8] } } } }]);
  expect(details.trials.slice(2).map(({ planned }) => planned.parameters['train.batchSize'])).toContain(8);
  expect(details.trials.length).toBeLessThan(20);
  expect((await pawl.ledger()).rented).toEqual(idle);
  const late = await answered(['sweep', 'stop', sweepId]);
  expect(late).toMatchObject({ code: 1 });
  expect(late.stderr).toContain(`${sweepId} is over already (finished).`);
}, 900_000);

/** What was trained, as the sandbox keeps it: of each trial the weights that it ended with, and its optimizer. */
async function trained({ trials }: SweepDetails, jobs: (runId: string) => string): Promise<object[]> {
  return Promise.all(
    trials.map(async ({ runId }) => {
      const { checkpoints } = await pawl.show(runId);
      const last = checkpoints.at(-1)?.checkpoint;
      const buckets = new RunBuckets(join(pawl.home, 'sandbox'), jobs(runId));
      const state = String(last?.statePath.split('/').at(-1));
      return { step: last?.step, state: buckets.state(state), weights: buckets.weights(String(last?.identity)) };
    }),
  );
}

test('trials on machines of a slot end with the same weights as on their own, byte for byte', async () => {
  const sweep = parse(readFileSync(unchosen, 'utf8')) as Record<string, unknown>;
  const parameters = {
    'train.optimizer.learningRate': { values: [0.01, 0.02] },
    'train.batchSize': { values: [8, 16] },
  };
  const grid = { ...sweep, method: 'grid', parameters, trials: 3, concurrency: 1, stopEarly: undefined };
  const write = (name: string, machines: string): string => {
    const path = join(pawl.home, `${name}.yaml`);
    writeFileSync(path, stringify({ ...grid, name, machines }));
    return path;
  };
  const alone = await ended(await submit(write('alone', 'own')));
  const sweepId = await submit(write('reused', 'reuse'));
  await when(sweepId, ({ trials }) => trials.length === 2);
  await pawl.killWorker();
  const reused = await ended(sweepId);

  expect(reused.outcome).toBe('finished');
  const scoresOf = ({ trials }: SweepDetails) =>
    trials.map(({ scores }) => scores.map(({ step, score }) => [step, score]));
  expect(scoresOf(reused)).toEqual(scoresOf(alone));
  const weights = await trained(reused, () => `${sweepId}-s0`);
  expect(weights).toEqual(await trained(alone, (runId) => runId));
  expect(new Set(weights.map((one) => JSON.stringify(one))).size).toBe(3);

  // One trainer and one deployment for all of them, both of which are returned.
  const store = await openStore({ path: join(pawl.home, 'pawl.db'), readonly: true });
  const leases = await store.leasesNamedAfter(`${sweepId}-s0`);
  await store.close();
  expect(leases.map(({ kind }) => kind).toSorted()).toEqual(['deployment', 'trainer']);
  expect(leases.every(({ releasedAt }) => releasedAt !== undefined)).toBe(true);
  const { trainers, rented } = await pawl.ledger();
  expect(trainers.filter(({ job }) => job.startsWith(sweepId))).toHaveLength(1);
  expect(rented).toEqual({ trainerJobs: [], deployments: [] });
  const { stdout } = await answered(['sweep', 'show', sweepId, '--follow']);
  expect(stdout).toMatch(/machines were made ready for 1 trials and taken over by 2: about [\d.]+ minutes/);
}, 900_000);
