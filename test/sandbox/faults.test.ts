import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { FaultPlan, Faults, type Occasion } from '../../sandbox/faults/plan.ts';
import { DATA, Deployed, NANO, Sandbox, startTrainer, until, waitForJob, type Json, type Trainer } from './harness.ts';

const FAULTS = '/sandbox/v1/faults';

describe('a fault plan', () => {
  const occasion: Occasion = { method: 'POST', url: '/x/optim_step', operation: 'optim_step', job: 'a' };

  function strikes(rule: Json, count: number, seed = 's'): boolean[] {
    const faults = new Faults();
    faults.add(FaultPlan.parse({ seed, rules: [{ effect: { kind: 'latency', ms: 0 }, ...rule }] }));
    return Array.from({ length: count }, () => faults.strike(occasion).length > 0);
  }

  test('strikes the nth of the matching requests', () => {
    expect(strikes({ match: { operation: 'optim_step', nth: 3 } }, 5)).toEqual([false, false, true, false, false]);
    expect(strikes({ match: { operation: 'forward' } }, 2)).toEqual([false, false]);
    expect(strikes({ match: { job: 'b' } }, 2)).toEqual([false, false]);
  });

  test('strikes as often as it says', () => {
    expect(strikes({ times: 2 }, 4)).toEqual([true, true, false, false]);
    expect(strikes({ times: 0 }, 4)).toEqual([true, true, true, true]);
  });

  test('repeats by its seed', () => {
    const rule = { match: { probability: 0.5 }, times: 0 };
    const first = strikes(rule, 40);
    expect(strikes(rule, 40)).toEqual(first);
    expect(strikes(rule, 40, 'other')).not.toEqual(first);
    expect(first.filter(Boolean).length).toBeGreaterThan(5);
    expect(first.filter(Boolean).length).toBeLessThan(35);
  });

  test.each([
    [{ rules: [{ effect: { kind: 'flood' } }] }],
    [{ rules: [{ effect: { kind: 'latency', ms: -1 } }] }],
    [{ rules: [{ match: { path: '(' }, effect: { kind: 'latency', ms: 1 } }] }],
    [{ rules: [{ match: { operations: 'x' }, effect: { kind: 'latency', ms: 1 } }] }],
  ])('that makes no sense is refused: %j', (plan) => {
    expect(FaultPlan.safeParse(plan).success).toBe(false);
  });
});

describe('faults on the wire', () => {
  let sandbox: Sandbox;
  let trainer: Trainer;

  beforeAll(async () => {
    sandbox = await Sandbox.start(undefined, ['--allow-faults']);
    trainer = await startTrainer(sandbox, 'job-f');
  });
  afterAll(async () => {
    await sandbox.close();
  });
  beforeEach(async () => {
    await sandbox.ok('DELETE', FAULTS);
  });

  async function plan(effect: Json, match: Json = {}, times = 1): Promise<void> {
    await sandbox.ok('POST', FAULTS, { rules: [{ match, effect, times }] });
  }

  function forwardBackward(id: string, seq: number): Json {
    return { model_id: id, seq_id: seq, forward_backward_input: { data: DATA, loss_fn: 'cross_entropy' } };
  }

  async function callsOf(id: string): Promise<unknown> {
    const { trainers } = await sandbox.ok<{ trainers: { models: Json[] }[] }>('GET', '/sandbox/v1/ledger');
    return trainers.flatMap(({ models }) => models).find(({ modelId }) => modelId === id)?.['forwardBackwardCalls'];
  }

  test.each([408, 425, 429, 500, 503])('status %i is told, with Retry-After if the rule has one', async (status) => {
    await plan({ kind: 'status', status, retryAfterSeconds: 7 }, { operation: 'healthz' });
    const answer = await fetch(`${sandbox.url}${trainer.base}/healthz`, { headers: { 'x-api-key': 'k' } });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, '7']);
    expect((await sandbox.call('GET', `${trainer.base}/healthz`)).status).toBe(200);
    const { fired } = await sandbox.ok<{ fired: Json[] }>('GET', FAULTS);
    expect(fired.at(-1)).toMatchObject({ effect: 'status', method: 'GET', url: `${trainer.base}/healthz` });
  });

  test('a reset before the effect loses the request, one after it only the answer', async () => {
    const model = await trainer.model();
    for (const [when, calls] of [
      ['before', 0],
      ['after', 1],
    ] as const) {
      await plan({ kind: 'reset', when }, { operation: 'forward_backward', job: 'job-f' });
      await expect(trainer.post('forward_backward', forwardBackward(model.id, 1))).rejects.toThrow();
      if (when === 'after')
        await until(
          () => callsOf(model.id),
          (count) => count === 1,
        );
      expect(await callsOf(model.id)).toBe(calls);
    }
    // Asking again under the same number is answered by what was done.
    expect(await trainer.run('forward_backward', forwardBackward(model.id, 1))).toHaveProperty('metrics');
    expect(await callsOf(model.id)).toBe(1);
  });

  test('a storm of try_again passes', async () => {
    const model = await trainer.model();
    const { request_id: id } = await sandbox.ok(
      'POST',
      `${trainer.base}/forward_backward`,
      forwardBackward(model.id, 1),
    );
    await plan({ kind: 'try_again', state: 'paused_capacity' }, { operation: 'retrieve_future' }, 3);
    const states: unknown[] = [];
    for (let poll = 0; poll < 4; poll++) {
      states.push((await trainer.post('retrieve_future', { request_id: id })).body['queue_state']);
    }
    expect(states).toEqual(['paused_capacity', 'paused_capacity', 'paused_capacity', undefined]);
  });

  test('a preempted trainer fails with a request in hand, and comes back empty', async () => {
    const doomed = await startTrainer(sandbox, 'job-k');
    const model = await doomed.model();
    await plan({ kind: 'preempt' }, { operation: 'forward_backward', job: 'job-k', nth: 2 });
    await model.forwardBackward(DATA);
    const lost = await doomed.post('forward_backward', forwardBackward(model.id, 2));
    expect(lost.status).toBe(200);
    await waitForJob(sandbox, 'job-k', 'JOB_STATE_FAILED');
    await plan({ kind: 'pending', ms: 300 }, { operation: 'resume' });
    await sandbox.ok('POST', '/v1/accounts/sandbox/rlorTrainerJobs/job-k:resume');
    await waitForJob(sandbox, 'job-k', 'JOB_STATE_PENDING');
    await waitForJob(sandbox, 'job-k', 'JOB_STATE_RUNNING');
    expect((await doomed.post('retrieve_future', { request_id: lost.body['request_id'] })).status).toBe(410);
    expect((await doomed.post('forward_backward', forwardBackward(model.id, 3))).status).toBe(404);
  });

  test('sessions and trainers expire on demand', async () => {
    const short = await startTrainer(sandbox, 'job-z');
    const model = await short.model();
    await sandbox.ok('POST', FAULTS, { now: [{ effect: { kind: 'expire_sessions' }, job: 'job-z' }] });
    expect((await short.post('forward_backward', forwardBackward(model.id, 1))).status).toBe(404);
    await sandbox.ok('POST', FAULTS, { now: [{ effect: { kind: 'expire_trainer' }, job: 'job-z' }] });
    expect(await sandbox.ok('GET', '/v1/accounts/sandbox/rlorTrainerJobs/job-z')).toMatchObject({
      state: 'JOB_STATE_EXPIRED',
    });
    expect((await sandbox.call('POST', FAULTS, { now: [{ effect: { kind: 'preempt' } }] })).status).toBe(400);
  });

  test('a load can fail, hang, or miss a replica', async () => {
    const model = await trainer.model();
    for (const name of ['f-1', 'f-2', 'f-3', 'f-4']) await model.snapshot(name, 'base');
    const deployed = await Deployed.create(sandbox, 'dep-f', 'job-f', { minReplicaCount: 2, maxReplicaCount: 2 });
    await plan({ kind: 'failed_load', replica: 1 }, { method: 'POST', operation: 'hot_load', deployment: 'dep-f' });
    const failed = await deployed.sync('f-1');
    expect(failed.map(({ loading_state: { stage } }) => stage)).toEqual(['idle', 'error']);
    expect(failed[1]?.loading_state.target_snapshot_identity).toBe('f-1');

    await plan({ kind: 'stale_replica' }, { method: 'POST', operation: 'hot_load' });
    const stale = await deployed.sync('f-2');
    expect(stale.map(({ current_snapshot_identity: identity }) => identity)).toEqual(['f-2', undefined]);

    await plan({ kind: 'stuck_load', replica: 0 }, { method: 'POST', operation: 'hot_load' });
    await deployed.hotLoad('f-3');
    const stuck = await until(
      () => deployed.status(),
      ([, second]) => second?.current_snapshot_identity === 'f-3',
    );
    expect(stuck[0]).toMatchObject({
      readiness: false,
      current_snapshot_identity: 'f-2',
      loading_state: { stage: 'downloading' },
    });
    const freed = await deployed.sync('f-4');
    expect(freed.map(({ current_snapshot_identity: identity }) => identity)).toEqual(['f-4', 'f-4']);

    await plan({ kind: 'restart_replica', replica: 1 }, { operation: 'completions', deployment: 'dep-f' });
    expect((await deployed.complete([3])).status).toBe(200);
    const restarted = await until(
      () => deployed.status(),
      (replicas) => replicas.every(({ readiness }) => readiness),
    );
    expect(restarted.map(({ current_snapshot_identity: identity }) => identity)).toEqual(['f-4', undefined]);
    await plan({ kind: 'torn_stream', afterEvents: 2 }, { operation: 'completions' });
    const body = JSON.stringify({ model: deployed.name, prompt: [3], max_tokens: 8, stream: true, ignore_eos: true });
    const headers = { 'content-type': 'application/json', 'x-api-key': 'k' };
    const torn = await fetch(`${sandbox.url}/inference/v1/completions`, { method: 'POST', body, headers });
    expect(torn.status).toBe(200);
    await expect(torn.text()).rejects.toThrow();
    await sandbox.ok('DELETE', `/v1/${deployed.name}?hard=true`);
  });

  test('are not open to everybody, and can come from a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pawl-plan-'));
    const path = join(folder, 'plan.json');
    writeFileSync(
      path,
      JSON.stringify({ rules: [{ match: { path: '/v1/accounts$' }, effect: { kind: 'status', status: 500 } }] }),
    );
    const [closed, planned] = await Promise.all([Sandbox.start(), Sandbox.start(undefined, ['--fault-plan', path])]);
    try {
      for (const method of ['GET', 'POST', 'DELETE']) expect((await closed.call(method, FAULTS)).status).toBe(404);
      expect((await planned.call('GET', '/v1/accounts')).status).toBe(500);
      expect((await planned.call('GET', '/v1/accounts')).status).toBe(200);
    } finally {
      await Promise.all([closed.close(), planned.close()]);
      rmSync(folder, { recursive: true });
    }
  });
});

describe('without de-duplication', () => {
  test('a repeated request is executed again', async () => {
    const sandbox = await Sandbox.start(undefined, ['--replay', 'none', '--step-ms', '30']);
    try {
      const trainer = await startTrainer(sandbox, 'job-n');
      const norm = async (repeats: number): Promise<number> => {
        const { id } = await trainer.model();
        const body = { model_id: id, seq_id: 1, forward_backward_input: { data: DATA, loss_fn: 'cross_entropy' } };
        for (let repeat = 0; repeat < repeats; repeat++) await trainer.run('forward_backward', body);
        const adam = { learning_rate: 0, emit_grad_norm_metrics: true };
        const step = await trainer.run<{ metrics: Record<string, number> }>('optim_step', {
          model_id: id,
          seq_id: 9,
          adam_params: adam,
        });
        return step.metrics['grad_norm'] ?? Number.NaN;
      };
      expect((await norm(2)) / (await norm(1))).toBeCloseTo(2, 5);
    } finally {
      await sandbox.close();
    }
  });

  test('a trainer that computes nothing answers all the same', async () => {
    const sandbox = await Sandbox.start(undefined, ['--compute', 'none']);
    try {
      const model = await (await startTrainer(sandbox, 'job-0')).model();
      const scores = await model.forwardBackward(DATA);
      expect(scores.loss_fn_outputs[0]?.logprobs.data[0]).toBeCloseTo(-Math.log(82), 5);
      expect(await model.optimStep()).toMatchObject({ type: 'optim_step' });
      expect(await model.trainer.model({ rank: 0 }, { base_model: NANO })).toBeDefined();
    } finally {
      await sandbox.close();
    }
  });
});
