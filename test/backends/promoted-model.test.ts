/** Promotion against the sandbox: once, however often it is asked, and whatever becomes of the reply. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createFireworksBackend } from '../../activities/backends/fireworks/index.ts';
import type { Backend } from '../../activities/ports.ts';
import type { PromotionOrder } from '../../domain/words/promotion.ts';
import { NANO, Sandbox, startTrainer, type Json } from '../sandbox/harness.ts';
import { failureOf } from './failure-of.ts';

const signal = AbortSignal.timeout(110_000);

let sandbox: Sandbox;
let backend: Backend;

beforeAll(async () => {
  sandbox = await Sandbox.start(undefined, ['--promote-ms', '300', '--allow-faults']);
  const trainer = await startTrainer(sandbox, 'job');
  const model = await trainer.model({ rank: 0 });
  await model.snapshot('base-1', 'base');
  await model.snapshot('delta-1', 'delta');
  await model.snapshot('base-2', 'base');
  backend = createFireworksBackend({ apiKey: 'any-key', baseUrl: sandbox.url });
}, 300_000);

afterAll(async () => {
  await backend?.close();
  await sandbox?.close();
});

function order(identity: string, model: string): PromotionOrder {
  return { identity, trainerId: 'job', baseModel: NANO, model: `accounts/sandbox/models/${model}` };
}

const promote = (wanted: PromotionOrder): Promise<void> => backend.provisioner.promote(wanted, signal);

/** Models of this account, by the beginning of their ids. */
async function models(beginning: string): Promise<Json[]> {
  const { models: all } = await sandbox.ok<{ models: Json[] }>('GET', '/v1/accounts/sandbox/models');
  return all.filter(({ name }) => String(name).startsWith(`accounts/sandbox/models/${beginning}`));
}

async function withFault(effect: Json, work: () => Promise<void>): Promise<void> {
  const rule = { match: { method: 'POST', path: ':promote$' }, effect, times: 1 };
  await sandbox.ok('POST', '/sandbox/v1/faults', { rules: [rule] });
  await work();
  const { rules } = await sandbox.ok<{ rules: Json[] }>('GET', '/sandbox/v1/faults');
  expect(JSON.stringify(rules)).toContain('"fired":1');
  await sandbox.ok('DELETE', '/sandbox/v1/faults');
}

describe('a promotion', () => {
  test('returns once the model can be used; asked again, it changes nothing', async () => {
    await promote(order('base-1', 'twice'));
    const [first] = await models('twice');
    expect(first).toMatchObject({ state: 'READY', trainerJob: 'job', checkpoint: 'base-1' });
    await promote(order('base-1', 'twice'));
    expect(await models('twice')).toEqual([first]);
  });
  test('asked by two workers at the same time makes one model', async () => {
    await Promise.all([promote(order('base-1', 'both')), promote(order('base-1', 'both'))]);
    expect(await models('both')).toEqual([expect.objectContaining({ state: 'READY' })]);
  });
  test.each(['before', 'after'])('whose reply is lost %s its effect makes one model', async (when) => {
    await withFault({ kind: 'reset', when }, () => promote(order('base-1', `lost-${when}`)));
    expect(await models(`lost-${when}`)).toEqual([expect.objectContaining({ state: 'READY' })]);
  });
  test('does not take another snapshot’s model for its own', async () => {
    await promote(order('base-1', 'taken'));
    const failure = await failureOf(promote(order('base-2', 'taken')));
    expect(failure).toMatchObject({ type: 'InvalidRequest' });
    expect(failure.message).toContain('stems from base-1 of trainer job, not from base-2 of job');
  });
  test('of a delta, or of what was never saved, is refused', async () => {
    expect(await failureOf(promote(order('delta-1', 'delta')))).toMatchObject({ type: 'InvalidRequest' });
    expect(await failureOf(promote(order('nothing', 'nothing')))).toMatchObject({ type: 'InvalidRequest' });
    expect(await models('delta')).toEqual([]);
  });
});
