/** A sweep with early stopping: the same trials, scores, stops and winner, whenever a worker dies in it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { EXIT } from '../../client/cli/commands/exit-codes.ts';
import type { SweepReplay } from '../../client/sweeps/replay-sweep.ts';
import type { PromotionDetails } from '../../client/promotion/promotions.ts';
import type { SweepDetails } from '../../client/sweeps/sweeps.ts';
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
