import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  DATA,
  Deployed,
  NANO,
  Sandbox,
  datum,
  startTrainer,
  type Completion,
  type Model,
  type Trainer,
} from './harness.ts';

const PROMPT = [10, 11, 12, 3];

function tokensOf(body: Completion): readonly number[] {
  return body.choices[0]?.raw_output.completion_token_ids ?? [];
}

function logprobsOf(body: Completion): number[] {
  return (body.choices[0]?.logprobs.content ?? []).map(({ logprob }) => logprob ?? Number.NaN);
}

describe('serving', () => {
  let sandbox: Sandbox;
  let trainer: Trainer;
  let model: Model;
  let deployed: Deployed;

  beforeAll(async () => {
    sandbox = await Sandbox.start();
    trainer = await startTrainer(sandbox, 'job-s');
    deployed = await Deployed.create(sandbox, 'dep-s', 'job-s', { minReplicaCount: 2, maxReplicaCount: 2 });
    model = await trainer.model();
    for (let step = 0; step < 10; step++) await model.step(DATA);
    await model.snapshot('base-1', 'base');
    await model.step(DATA);
    await model.snapshot('delta-2', 'delta');
    await model.step(DATA);
    await model.snapshot('delta-3', 'delta');
    await model.snapshot('base-3', 'base');
  });
  afterAll(async () => {
    await sandbox.close();
  });

  test('a delta on the wrong base fails on every replica and leaves it as it was', async () => {
    const replicas = await deployed.sync('delta-2', 'base-1');
    expect(replicas).toHaveLength(2);
    for (const replica of replicas) {
      expect(replica.loading_state).toMatchObject({ stage: 'error', target_snapshot_identity: 'delta-2' });
      expect(replica.readiness).toBe(true);
      expect(replica.current_snapshot_identity).toBeUndefined();
    }
  });

  test('a chain of deltas serves what a base of the same weights serves', async () => {
    for (const [identity, previous] of [['base-1'], ['delta-2', 'base-1'], ['delta-3', 'delta-2']] as const) {
      const replicas = await deployed.sync(identity, previous);
      expect(replicas.map((replica) => replica.current_snapshot_identity)).toEqual([identity, identity]);
    }
    const byDelta = await deployed.complete(PROMPT);
    await deployed.sync('base-3');
    const byBase = await deployed.complete(PROMPT);
    expect(byDelta.body.model).toBe(`${deployed.name}@delta-3`);
    expect(byBase.body.model).toBe(`${deployed.name}@base-3`);
    expect(byBase.body.choices).toEqual(byDelta.body.choices);
  });

  test('sampler and trainer agree on log-probabilities', async () => {
    await deployed.sync('base-3');
    const { body } = await deployed.complete(PROMPT);
    const all = [...PROMPT, ...tokensOf(body)];
    const scores = await model.forward([datum(all)]);
    const trained = (scores.loss_fn_outputs[0]?.logprobs.data ?? []).slice(PROMPT.length - 1);
    logprobsOf(body).forEach((logprob, i) => expect(Math.abs(logprob - (trained[i] ?? 0))).toBeLessThan(1e-4));
    expect(logprobsOf(body)).toHaveLength(tokensOf(body).length);
  });

  test('deployments of one trainer load each by itself', async () => {
    const other = await Deployed.create(sandbox, 'dep-other', 'job-s');
    await deployed.sync('base-3');
    await other.sync('base-1');
    expect((await other.complete(PROMPT)).body.model).toBe(`${other.name}@base-1`);
    expect((await deployed.complete(PROMPT)).body.model).toBe(`${deployed.name}@base-3`);
    expect((await other.sync('delta-2', 'base-1'))[0]?.current_snapshot_identity).toBe('delta-2');
    expect((await deployed.status()).map((replica) => replica.current_snapshot_identity)).toEqual(['base-3', 'base-3']);
    await sandbox.ok('DELETE', `/v1/${other.name}?hard=true`);
  });

  test('a hot load names its deployment, its model and a snapshot that can be a file', async () => {
    expect((await deployed.hotLoad('a/b')).status).toBe(400);
    expect((await deployed.hotLoad('..')).status).toBe(400);
    const path = '/hot_load/v1/models/hot_load';
    expect((await sandbox.call('GET', path, undefined, { 'fireworks-model': NANO })).status).toBe(400);
    const other = { 'fireworks-model': NANO, 'fireworks-deployment': 'accounts/sandbox/deployments/none' };
    expect((await sandbox.call('GET', path, undefined, other)).status).toBe(404);
  });
});
