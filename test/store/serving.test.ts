/** Checkpoints served again: evidence beside the run's own, leases with a holder, rollbacks. */
import { expect, test } from '@jest/globals';
import { join } from 'node:path';
import { openStore, type Store } from '../../store/index.ts';
import { checkpoint, newFolder, newRun, PLAN, produced, SPEC } from './fixtures.ts';

const RUN = 'speller-1';
const APPRAISAL = 'speller-1-appraise-1a2b3c4d';
const CHECKPOINT = checkpoint(20);
const SCORED = {
  kind: 'scored',
  checkpoint: CHECKPOINT.name,
  step: 20,
  identity: CHECKPOINT.identity,
  promptSet: PLAN.promptSet,
  metric: 'exact_match',
  low: 0.1,
  high: 0.9,
  samples: 10,
  missing: 0,
} as const;

async function newStore(): Promise<Store> {
  const store = await openStore({ path: join(await newFolder(), 'pawl.db') });
  await store.saveRun(newRun(RUN));
  await store.saveCheckpoint(RUN, CHECKPOINT);
  return store;
}

test('an appraisal is evidence beside the run, and replaces none of its own', async () => {
  const store = await newStore();
  const own = { ...SCORED, id: `${RUN}/a1`, score: 0.5 };
  const beside = { ...SCORED, id: `${RUN}/${APPRAISAL}/a2`, score: 0.4, appraisal: APPRAISAL };
  const { score: _, low: __, high: ___, samples: ____, missing: _____, ...rest } = beside;
  const broken = { ...rest, id: `${RUN}/${APPRAISAL}/a1`, kind: 'void', reason: 'it changed' } as const;
  const suite = { evaluate: SPEC.evaluate, plan: PLAN };
  await store.saveEvaluation(RUN, own);
  for (const reason of ['to look again', 'another reason comes too late']) {
    await store.saveAppraisal({ id: APPRAISAL, runId: RUN, suite, reason });
  }
  await store.saveEvaluation(RUN, broken);
  await store.saveEvaluation(RUN, beside);

  expect(await store.evaluations(RUN)).toEqual([own]);
  const [report] = await store.checkpointReports(RUN);
  expect(report?.evaluation).toMatchObject({ id: own.id, score: 0.5 });
  expect(await store.appraisals(RUN)).toEqual([
    {
      id: APPRAISAL,
      runId: RUN,
      suite,
      reason: 'to look again',
      startedAt: expect.any(String),
      evaluations: [broken, beside],
    },
  ]);
  expect(await store.evaluation(beside.id)).toEqual({ runId: RUN, evaluation: beside });
  expect(await store.evaluation('nothing')).toBeUndefined();
  await store.close();
});

test('a lease may have a holder, and a closed one is known still', async () => {
  const store = await newStore();
  await store.planLease(RUN, { kind: 'deployment', id: APPRAISAL, holder: APPRAISAL });
  await store.planLease(RUN, { kind: 'deployment', id: `${RUN}-deploy` });
  expect((await store.openLeases()).map(({ id, holder }) => [id, holder])).toEqual(
    expect.arrayContaining([
      [APPRAISAL, APPRAISAL],
      [`${RUN}-deploy`, undefined],
    ]),
  );
  await store.endLease({ kind: 'deployment', id: APPRAISAL }, 'gone');
  expect(await store.deploymentLease(APPRAISAL)).toMatchObject({ holder: APPRAISAL, state: 'gone' });
  expect(await store.deploymentLease(`${RUN}-deploy`)).not.toHaveProperty('holder');
  expect(await store.deploymentLease('by-hand')).toBeUndefined();
  await store.close();
});

test('a rollback is recorded once', async () => {
  const store = await newStore();
  const rollback = {
    id: 'one',
    deploymentId: `${RUN}-deploy`,
    runId: RUN,
    checkpoint: CHECKPOINT.name,
    identity: CHECKPOINT.identity,
    replicas: 2,
    requestedBy: 'a test',
  };
  await store.saveRollback(rollback);
  await store.saveRollback({ ...rollback, replicas: 1 });
  await store.saveRollback({ ...rollback, id: 'two', previousIdentity: 'another' });
  expect(await store.rollbacks(`${RUN}-deploy`)).toEqual([
    { ...rollback, confirmedAt: expect.any(String) },
    { ...rollback, id: 'two', previousIdentity: 'another', confirmedAt: expect.any(String) },
  ]);
  await store.close();
});

test('samples are weighed by evaluation and removed without it; a named prompt set is not forgotten', async () => {
  const store = await newStore();
  const own = { ...SCORED, id: `${RUN}/a1`, score: 0.5 };
  await store.saveEvaluation(RUN, own);
  for (const promptIndex of [0, 1]) await store.saveSample(own.id, produced(promptIndex));
  const [sampled] = await store.sampledEvaluations('', 10);
  expect(sampled).toMatchObject({ evaluationId: own.id, runId: RUN, checkpoint: CHECKPOINT.name });
  const weighed = await store.weighSamples(own.id);
  expect(weighed.samples).toBe(2);
  expect(weighed.bytes).toBeGreaterThan(2 * 'S P EH L'.length);
  await store.deleteSamples([own.id]);
  expect(await store.sampledEvaluations('', 10)).toEqual([]);
  expect(await store.evaluations(RUN)).toEqual([own]);

  const set = { prompts: 1, duplicates: 0, tokenizer: 't'.repeat(64) };
  for (const hash of ['named', 'nameless']) await store.savePromptSet({ ...set, hash });
  await store.movePromptAlias('alias', 'named');
  for (const hash of ['named', 'nameless']) await store.deletePromptSet(hash);
  expect((await store.promptSets()).map(({ hash }) => hash)).toEqual(['named']);
  await store.close();
});

test('samples of an evaluation that never ended are weighed too, as those of its run', async () => {
  const store = await newStore();
  const id = `${RUN}/${CHECKPOINT.identity}/p1a1`;
  await store.saveSample(id, produced(0));
  await store.saveSample('nobody/snapshot/p1a1', produced(0));
  expect(await store.sampledEvaluations('o', 10)).toEqual([{ evaluationId: id, runId: RUN }]);
  expect(await store.weighSamples(id)).toMatchObject({ samples: 1 });
  await store.deleteSamples([id]);
  expect(await store.samples(id)).toEqual([]);
  await store.close();
});
