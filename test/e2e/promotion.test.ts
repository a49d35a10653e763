/** Promotions with the real stack: the gate, one alias at a time, approval from the command line, and a worker that dies. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore, type Store } from '../../store/index.ts';
import { DisturbedStack } from '../../chaos/stack.ts';
import { loadExperiment, storeFile, type StoredPromotion } from '../../client/index.ts';
import { builtProgram } from '../../client/local/paths.ts';
import type { AliasView, PromotionDetails } from '../../client/promotion/promotions.ts';
import { aliasWorkflowId } from '../../domain/words/promotion.ts';
import { taskQueueOf } from '../task-queue.ts';
import type { PromotionSpec } from '../../domain/spec/promotion-spec.ts';
import { GATED, writeExperiment } from './experiment.ts';

let stack: DisturbedStack;
/** Each is better than the one before, but for the last, which is the long one again. */
let runs: { short: string; middle: string; long: string; again: string };

const SETTLED = ['promoted', 'refused', 'rejected', 'expired', 'failed', 'undone'];

beforeAll(async () => {
  stack = await DisturbedStack.start({ workers: 1, sandboxFlags: ['--allow-faults'] });
  const [short, middle, long, again] = await Promise.all([
    finished(10),
    finished(60),
    finished(240),
    finished(240, { budget: {} }),
  ]);
  runs = { short, middle, long, again };
}, 600_000);

afterAll(async () => {
  await stack?.stop();
}, 300_000);

/** A run of so many steps, one checkpoint at the start and one at the end; its id, once it is over. */
async function finished(steps: number, more: Record<string, unknown> = {}): Promise<string> {
  const train = { steps, batchSize: 16, seed: 3, optimizer: { learningRate: 0.01 } };
  const changes = { name: `steps-${steps}`, train, checkpoint: { every: steps }, ...more };
  const path = writeExperiment(join(stack.home, `steps-${steps}-${Object.keys(more).join('-')}`), changes, GATED);
  const { runId } = await stack.runs.start(await loadExperiment(path));
  const { outcome, reason } = await stack.runs.result(runId);
  if (outcome !== 'finished') throw new Error(`${runId} ${outcome}: ${reason}`);
  return runId;
}

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The compiled command, as a person would type it. */
function pawl(...args: string[]): Promise<Finished> {
  const env = { ...process.env, PAWL_HOME: stack.home, TEMPORAL_ADDRESS: stack.temporalAddress, NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(process.execPath, [builtProgram('client/cli/main'), ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function json<T>(...args: string[]): Promise<T> {
  const { stdout, stderr } = await pawl(...args, '--output', 'json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as T;
}

async function ask(run: string, gate: Partial<PromotionSpec> & { alias: string }): Promise<string> {
  const whole = { margin: 0, approval: false, expiresHours: 24, ...gate };
  return (await stack.runs.promotions.promote(run, { gate: whole, by: 'ada' })).id;
}

async function until(id: string, ...states: string[]): Promise<PromotionDetails> {
  for (;;) {
    const promotion = await stack.runs.promotions.show(id);
    if (promotion !== undefined && states.includes(promotion.state)) return promotion;
    if (promotion !== undefined && SETTLED.includes(promotion.state)) {
      throw new Error(`${id} is ${promotion.state}: ${promotion.reason}`);
    }
    await sleep(50);
  }
}

async function promoted(run: string, alias: string): Promise<PromotionDetails> {
  return until(await ask(run, { alias }), 'promoted');
}

async function champion(alias: string): Promise<string | undefined> {
  const [view] = await json<AliasView[]>('promotions', alias);
  return view?.champion?.id;
}

/** Models of the account made of a run, oldest first. */
async function modelsOf(run: string): Promise<{ name: string; state: string; trainerJob: string }[]> {
  const response = await fetch(`${stack.sandboxUrl}/v1/accounts/sandbox/models`, { headers: { 'x-api-key': 'any' } });
  const { models } = (await response.json()) as { models: { name: string; state: string; trainerJob: string }[] };
  return models.filter(({ trainerJob }) => trainerJob.startsWith(run));
}

async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ path: storeFile(stack.home) });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function killWorker(): Promise<void> {
  const pid = stack.pid('worker-1');
  if (pid === undefined) throw new Error('no worker runs');
  process.kill(pid, 'SIGKILL');
  while (stack.pid('worker-1') === pid || stack.pid('worker-1') === undefined) await sleep(20);
}

describe('the gate', () => {
  test('compares with the baseline where there is no champion, and with the champion from then on', async () => {
    const first = await promoted(runs.middle, 'gate');
    expect(first.isChampion).toBe(true);
    expect(first.reason).toMatch(
      /^better than the baseline of its run, as gate has no champion: main: edit_similarity/,
    );
    expect(first.events.map(({ event }) => event)).toEqual(['waiting', 'evaluating', 'promoting', 'promoted']);
    const [model] = await modelsOf(runs.middle);
    expect(model).toMatchObject({ name: first.model, state: 'READY' });

    const second = await promoted(runs.long, 'gate');
    expect(second).toMatchObject({ championBefore: first.id, isChampion: true });
    const [comparison] = second.comparisons ?? [];
    const [rival] = first.comparisons ?? [];
    expect(comparison?.reference).toEqual(rival?.candidate);
    expect(comparison?.difference?.pairs).toBe(GATED);
    expect(comparison?.difference?.low).toBeGreaterThan(0);
  }, 300_000);

  test('refuses what is not better, and says so; the command fails', async () => {
    const { code, stdout } = await pawl('promote', runs.short, '--to', 'gate');
    expect(stdout).toMatch(/refused: not shown to be better than the champion of gate.*no better than the margin/);
    expect(code).toBe(1);
    expect(await modelsOf(runs.short)).toEqual([]);
  }, 300_000);

  test('asks the champion what the candidate was asked, where it never was', async () => {
    const first = await promoted(runs.middle, 'asked');
    const prompts = join(stack.home, 'fewer.jsonl');
    const lines = readFileSync(join(stack.home, 'steps-60-', 'heldout.jsonl'), 'utf8').split('\n');
    writeFileSync(prompts, lines.slice(0, 20).join('\n'));
    const evaluate = { prompts, grader: 'edit_similarity', maxTokens: 8 };
    const second = await promoted(await finished(240, { evaluate }), 'asked');
    const [comparison] = second.comparisons ?? [];
    expect(comparison).toMatchObject({ prompts: 20, reference: { identity: first.identity } });
    expect(comparison?.reference.evaluation).toContain(`${second.id}-suite-1`);
    expect((await stack.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });
  }, 600_000);

  test('refuses a tie: the same weights, trained again', async () => {
    const tie = await until(await ask(runs.again, { alias: 'gate' }), 'refused');
    expect(tie.reason).toContain('a tie never promotes');
  }, 600_000);

  test('refuses a missing score, however much better the others are', async () => {
    await promoted(runs.middle, 'missing');
    const run = runs.again;
    const last = (await stack.runs.show(run)).checkpoints.at(-1);
    const { evaluation } = last ?? {};
    if (evaluation === undefined) throw new Error('nothing was evaluated');
    // As a sample is recorded that no replica gave an answer for.
    await withStore(async (store) => {
      const [sample] = await store.samples(evaluation.id);
      if (sample === undefined) throw new Error('no sample is stored');
      await store.saveEvaluation(run, {
        ...evaluation,
        kind: 'scored',
        id: `${evaluation.id}-torn`,
        samples: evaluation.samples - 1,
        missing: 1,
      });
      const { promptHash, promptTokens } = sample;
      const missing = {
        kind: 'missing',
        promptIndex: 0,
        sampleIndex: 0,
        promptHash,
        promptTokens,
        error: 'no answer',
      } as const;
      await store.saveSample(`${evaluation.id}-torn`, missing);
      for (const whole of (await store.samples(evaluation.id)).slice(1)) {
        await store.saveSample(`${evaluation.id}-torn`, whole);
      }
    });
    const refused = await until(await ask(run, { alias: 'missing' }), 'refused');
    expect(refused.reason).toContain(
      '1 answer of the candidate missing, so 95 of 96 prompts can be compared: missing scores never promote',
    );
  }, 600_000);

  test('refuses the champion itself, what it does not know, and a delta, whose base it names', async () => {
    const same = await until(await ask(runs.long, { alias: 'gate' }), 'refused');
    expect(same.reason).toContain('is what gate stands for already');
    const suite = await until(await ask(runs.long, { alias: 'other', suites: ['names'] }), 'refused');
    expect(suite.reason).toContain('has no suite names: it has main');
    const delta = await finished(30, { checkpoint: { every: 10, baseEvery: 10 } });
    const refused = await until(await ask(`${delta}@10`, { alias: 'other' }), 'refused');
    expect(refused.reason).toMatch(/is a delta.*pawl promote steps-30-\w+@(step|final)-000030-g1/);
  }, 300_000);
});

describe('one alias', () => {
  test('takes one request after the other; who waits is seen to wait', async () => {
    const first = await ask(runs.middle, { alias: 'queue', approval: true });
    await until(first, 'awaiting-approval');
    const second = await ask(runs.long, { alias: 'queue' });
    await until(second, 'waiting');
    const { stdout } = await pawl('promotions', 'queue');
    expect(stdout).toMatch(new RegExp(`${second} +waiting[^]*${first} +awaiting-approval`));
    // Another alias does not wait for this one.
    await promoted(runs.middle, 'elsewhere');
    expect((await until(second, 'waiting')).events.map(({ event }) => event)).toEqual(['waiting']);

    expect((await pawl('approve', 'queue', '--by', 'bob')).code).toBe(0);
    expect(await until(second, 'promoted')).toMatchObject({ championBefore: first, isChampion: true });
    expect(await until(first, 'promoted')).toMatchObject({ decidedBy: 'bob', isChampion: false, reign: 1 });
  }, 300_000);

  test('loses none of many requests, more than one execution of its workflow takes', async () => {
    const first = await promoted(runs.middle, 'many');
    const ids = await Promise.all(Array.from({ length: 60 }, () => ask(runs.middle, { alias: 'many' })));
    for (const id of ids) expect((await until(id, 'refused')).reason).toContain('stands for already');
    expect(new Set(ids).size).toBe(60);
    expect(await champion('many')).toBe(first.id);
  }, 300_000);

  test('goes back to the champion before, once, and not further than there was one', async () => {
    const undone = await champion('queue');
    const { code, stdout } = await pawl('promote', '--undo', 'queue', '--by', 'ada');
    expect(code).toBe(0);
    expect(stdout).toMatch(/queue stands for steps-60-\w+@\S+ again[^]*pawl rollback/);
    expect(await champion('queue')).not.toBe(undone);
    const { events } = await json<PromotionDetails>('promotions', undone ?? '');
    expect(events.at(-1)).toMatchObject({ event: 'undone', by: 'ada' });
    const again = await pawl('promote', '--undo', 'queue');
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('had no champion before') });
    // What was undone may be promoted again: its model is there already.
    expect(await promoted(runs.long, 'queue')).toMatchObject({ reign: 3, isChampion: true });
    expect(await modelsOf(runs.long)).toHaveLength(1);
  }, 300_000);
});

describe('approval', () => {
  test('is refused to what does not await it', async () => {
    const id = await champion('gate');
    const settled = await pawl('approve', id ?? '');
    expect(settled).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('does not await approval, it is promoted'),
    });
    expect((await pawl('approve', 'gate')).stderr).toContain('Nothing of gate awaits approval');
    expect((await pawl('reject', 'nobody', '--reason', 'no')).stderr).toContain(
      'There is no promotion or alias "nobody"',
    );
  });

  test('may be denied, with a reason', async () => {
    const asked = await json<StoredPromotion>('promote', runs.long, '--to', 'denied', '--approval');
    expect(asked).toMatchObject({ state: 'awaiting-approval', step: 240 });
    const { code, stdout } = await pawl('reject', asked.id, '--reason', 'worse on names', '--by', 'bob');
    expect(code).toBe(0);
    expect(stdout).toContain('rejected: worse on names');
    expect(await until(asked.id, 'rejected')).toMatchObject({ decidedBy: 'bob', isChampion: false });
    expect(await champion('denied')).toBeUndefined();
  }, 300_000);

  test('that nobody gives expires', async () => {
    const gate = ['--to', 'late', '--approval', '--expires', '1s'];
    const { id } = await json<{ id: string }>('promote', runs.long, '--detach', ...gate);
    expect((await until(id, 'expired')).events.map(({ event }) => event)).toContain('expired');
  }, 300_000);
});

test('a promotion whose workflow was ended from outside has failed, once its alias is asked again', async () => {
  const id = await ask(runs.middle, { alias: 'ended', approval: true });
  await until(id, 'awaiting-approval');
  const connection = await Connection.connect({ address: stack.temporalAddress });
  await new Client({ connection }).workflow
    .getHandle(aliasWorkflowId('ended', await taskQueueOf(stack.home)))
    .terminate('by hand');
  await connection.close();
  expect(await pawl('approve', id)).toMatchObject({ code: 1, stderr: expect.stringContaining('ended from outside') });
  // Of two at once the second must not be taken for one that was left behind.
  const [next, last] = await Promise.all([ask(runs.middle, { alias: 'ended' }), ask(runs.long, { alias: 'ended' })]);
  await Promise.all([until(next, 'promoted', 'refused'), until(last, 'promoted')]);
  expect(await until(id, 'failed')).toMatchObject({ reason: expect.stringContaining('ended from outside') });
}, 300_000);

describe('a platform that refuses', () => {
  test('fails the promotion, says why, and keeps nobody from asking again', async () => {
    const rule = { match: { method: 'POST', path: ':promote$' }, effect: { kind: 'status', status: 403 }, times: 1 };
    await fetch(`${stack.sandboxUrl}/sandbox/v1/faults`, {
      method: 'POST',
      headers: { 'x-api-key': 'any', 'content-type': 'application/json' },
      body: JSON.stringify({ rules: [rule] }),
    });
    const failed = await until(await ask(runs.middle, { alias: 'refusing' }), 'failed');
    expect(failed).toMatchObject({ isChampion: false, reason: expect.stringContaining('403') });
    expect(await promoted(runs.middle, 'refusing')).toMatchObject({ isChampion: true, reign: 1 });
  }, 300_000);
});

describe('a worker that is killed', () => {
  test('while approval is awaited and while the platform promotes promotes exactly once', async () => {
    const run = await finished(60, { train: { steps: 60, batchSize: 8, optimizer: { learningRate: 0.01 } } });
    const id = await ask(run, { alias: 'killed', approval: true });
    await until(id, 'awaiting-approval');
    await killWorker();

    let made = (): void => undefined;
    const effect = new Promise<void>((resolve) => (made = resolve));
    let promotions = 0;
    stack.fate = ({ method, path }) => {
      if (method !== 'POST' || !path.endsWith(':promote')) return {};
      promotions++;
      // The model is made, and the first worker never hears of it.
      return promotions > 1 ? {} : { after: () => Promise.resolve(made()), reply: 'lost' };
    };
    const approving = pawl('approve', id);
    await effect;
    await killWorker();
    expect((await approving).code).toBe(0);
    stack.fate = () => ({});
    expect(promotions).toBeGreaterThan(1);
    expect(await modelsOf(run)).toHaveLength(1);
    const { events, reign } = await until(id, 'promoted');
    expect(reign).toBe(1);
    expect(events.map(({ event }) => event)).toEqual([
      'waiting',
      'evaluating',
      'awaiting-approval',
      'approved',
      'promoting',
      'promoted',
    ]);
  }, 600_000);
});

describe('a run whose experiment has a gate', () => {
  test('asks for its result once its machines are returned', async () => {
    const run = await finished(60, { promotion: { alias: 'own' } });
    const hex = run.split('-').at(-1) ?? '';
    expect(await until(`own-${hex}`, 'promoted')).toMatchObject({ runId: run, askedBy: run, step: 60 });
    expect((await stack.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });
  }, 600_000);
});
