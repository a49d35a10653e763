/** Questions about checkpoints: each is answered as if all were read, and reads what it is about. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { branchPoint, judgedEvaluations } from '../../domain/decide/policy-scores.ts';
import type { Checkpoint } from '../../domain/words/checkpoint.ts';
import { openStore } from '../../store/index.ts';
import type { CheckpointPlace, Store, StoredCheckpoint } from '../../store/index.ts';
import { SPEC, checkpoint, metrics, newFolder, newRun, produced, scored } from './fixtures.ts';
import { openWatched, rowsOf, scansOf, type Watched } from './statements.ts';

const RUN = 'a';
const CHECKPOINTS = 1_203;

let store: Store;
let path: string;
let watched: Watched;
let all: readonly StoredCheckpoint[];

/** Scores that repeat, so that there are equals; the highest of all is void of meaning: it was asked beside the run. */
function scoreAt(index: number): number {
  return ((index * 7_919) % 101) / 101;
}

async function fill(): Promise<void> {
  let before: Checkpoint | undefined;
  for (let index = 0; index < CHECKPOINTS; index++) {
    const step = index * 10;
    const generation = index < 600 ? 1 : 2;
    const saved = checkpoint(step, {
      generation,
      snapshotType: index % 50 === 0 ? 'base' : 'delta',
      ...(index % 50 !== 0 && before !== undefined && { previousIdentity: before.identity }),
    });
    before = saved;
    await store.saveCheckpoint(RUN, saved);
    if (index < 3 || index % 7 === 6) continue;
    const { name, identity } = saved;
    await store.saveSync(RUN, { identity, replicas: 1, seconds: 2 });
    const evaluation = { checkpoint: name, identity, step, score: scoreAt(index) };
    // The first attempt of some scored too well, and was repeated.
    if (index % 11 === 5) {
      await store.saveEvaluation(RUN, scored(step, 1, { ...evaluation, id: `${RUN}/${name}/a1`, score: 2 }));
    }
    await store.saveEvaluation(RUN, scored(step, 2, { ...evaluation, id: `${RUN}/${name}/a2` }));
    await store.saveEvaluation(
      RUN,
      scored(step, 1, { ...evaluation, id: `${RUN}/${name}/rare`, suite: 'rare', score: 1 - scoreAt(index + 1) }),
    );
    await store.saveVerdict(RUN, { checkpoint: name, kind: 'continue', reason: `of ${step}` });
  }
  const beside = scored(30, 1, { id: `${RUN}/step-30/beside`, score: 3, appraisal: 'somebody-asked' });
  await store.saveEvaluation(RUN, beside);
  await store.saveEvaluation(RUN, {
    ...scored(30, 3, { id: `${RUN}/step-30/nan`, checkpoint: 'step-40', step: 40, score: Number.NaN }),
  });
  // Saved at one moment, at one step: in the order of their recording.
  const last = checkpoint((CHECKPOINTS - 1) * 10, { name: 'final-1', generation: 2, identity: 'final-1' });
  await store.saveCheckpoint(RUN, last);
}

beforeAll(async () => {
  path = join(await newFolder(), 'pawl.db');
  store = await openStore({ path });
  for (const runId of [RUN, 'b', 'c']) await store.saveRun(newRun(runId));
  await fill();
  for (const runId of ['b', 'c']) {
    for (let step = 0; step < 300; step += 10) {
      await store.saveCheckpoint(runId, checkpoint(step));
      await store.saveEvaluation(runId, scored(step, 1, { id: `${runId}/step-${step}/a1`, score: 1 }));
      await store.saveVerdict(runId, { checkpoint: `step-${step}`, kind: 'continue', reason: '' });
    }
  }
  await store.recordSteps(RUN, [metrics(1), metrics(2)]);
  await store.saveSample(`${RUN}/step-30/a2`, produced(0));
  all = await store.checkpointReports(RUN);
  watched = await openWatched(path);
});

afterAll(async () => {
  await store.close();
  await watched.store.close();
});

test('all checkpoints come in their order, those of one moment in the order of their recording', () => {
  expect(all).toHaveLength(CHECKPOINTS + 1);
  expect(all.slice(-2).map((row) => row.checkpoint.name)).toEqual(['step-12020', 'final-1']);
  expect(all.map((row) => row.checkpoint.step)).toEqual(
    all.map((row) => row.checkpoint.step).toSorted((a, b) => a - b),
  );
  expect(all[5]).toMatchObject({
    checkpoint: checkpoint(50, { snapshotType: 'delta', previousIdentity: 'snapshot-40' }),
    evaluation: { score: scoreAt(5), id: 'a/step-50/a2' },
    suites: [{ suite: 'rare', score: 1 - scoreAt(6) }],
    sync: { identity: 'snapshot-50' },
    verdict: { kind: 'continue', reason: 'of 50' },
  });
});

test('pages of checkpoints, the last ones first, add up to all of them', async () => {
  expect(await store.countCheckpoints(RUN)).toBe(all.length);
  const pages: StoredCheckpoint[] = [];
  for (let before: string | undefined; ; before = pages[0]?.checkpoint.name) {
    const page = await store.newestCheckpoints(RUN, { limit: 250, ...(before !== undefined && { before }) });
    if (page.length === 0) break;
    pages.unshift(...page);
  }
  expect(pages).toEqual(all);
  expect(await store.newestCheckpoints(RUN, { limit: 3 })).toEqual(all.slice(-3));
  expect(await store.newestCheckpoints('nobody', { limit: 3 })).toEqual([]);
});

describe('the one that is meant', () => {
  const meant: [CheckpointPlace, (rows: readonly StoredCheckpoint[]) => StoredCheckpoint | undefined][] = [
    [{ kind: 'last' }, (rows) => rows.at(-1)],
    [{ kind: 'step', step: 12_020 }, (rows) => rows.at(-1)],
    [{ kind: 'step', step: 70 }, (rows) => rows[7]],
    [{ kind: 'step', step: 71 }, () => undefined],
    [{ kind: 'name', name: 'step-300' }, (rows) => rows[30]],
    [{ kind: 'name', name: 'snapshot-300' }, (rows) => rows[30]],
    [{ kind: 'baseline' }, (rows) => rows.find(({ evaluation }) => evaluation !== undefined)],
  ];
  test.each(meant)('%j', async (place, among) => {
    expect(await store.checkpointAt(RUN, place)).toEqual(among(all));
  });

  test.each([
    ['maximize', undefined],
    ['minimize', undefined],
    ['maximize', 'rare'],
    ['minimize', 'rare'],
  ] as const)('the best, to %s, by the suite %s: as the policy finds it', async (direction, suite) => {
    const policy = { ...SPEC.policy, direction, ...(suite !== undefined && { suite }) };
    const name = branchPoint(policy, judgedEvaluations(policy, all));
    const found = await store.checkpointAt(RUN, { kind: 'best', direction, ...(suite !== undefined && { suite }) });
    expect(found?.checkpoint.name).toBe(name);
    expect(found).toEqual(all.find((row) => row.checkpoint.name === name));
    const ofMany = await store.bestEvaluations(['none', RUN], { direction, ...(suite !== undefined && { suite }) });
    expect([...ofMany]).toEqual([[RUN, judgedEvaluations(policy, found === undefined ? [] : [found])[0]]]);
  });

  test('none, where nothing was evaluated', async () => {
    await store.saveRun(newRun('new'));
    for (const place of [{ kind: 'best', direction: 'maximize' }, { kind: 'last' }, { kind: 'baseline' }] as const) {
      expect(await store.checkpointAt('new', place)).toBeUndefined();
    }
  });

  test('with all that it is a delta on', async () => {
    const chain = await store.snapshotsTo(RUN, 'step-5370');
    expect(chain.map(({ step }) => step)).toEqual(Array.from({ length: 38 }, (_, index) => 5_000 + index * 10));
    expect(await store.snapshotsTo(RUN, 'nothing')).toEqual([]);
  });
});

test('what was judged since comes once, in the order of its judgement', async () => {
  const judged = all.filter(({ verdict }) => verdict !== undefined);
  const first = await store.judgedCheckpoints(RUN, { after: 0, limit: 100 });
  expect(first).toEqual(judged.slice(0, 100).map((row, index) => ({ ...row, seq: index + 1 })));
  const rest = await store.judgedCheckpoints(RUN, { after: 100, limit: 10_000 });
  expect(rest).toHaveLength(judged.length - 100);
  const after = rest.at(-1)?.seq ?? 0;
  expect(await store.judgedCheckpoints(RUN, { after, limit: 10 })).toEqual([]);
  // Judged at last, out of the order of steps.
  await store.saveVerdict(RUN, { checkpoint: 'step-0', kind: 'stop', reason: 'late' });
  const late = await store.judgedCheckpoints(RUN, { after, limit: 10 });
  expect(late.map((row) => [row.checkpoint.step, row.verdict?.reason, row.seq])).toEqual([[0, 'late', after + 1]]);
  expect(await store.newestVerdict(RUN, 'stop')).toEqual({ checkpoint: 'step-0', kind: 'stop', reason: 'late' });
  expect(await store.newestVerdict(RUN, 'continue')).toMatchObject({ kind: 'continue' });
  expect(await store.newestVerdict(RUN, 'branch')).toBeUndefined();
  // Judged again, it keeps its place.
  await store.saveVerdict(RUN, { checkpoint: 'step-0', kind: 'stop', reason: 'again' });
  expect(await store.judgedCheckpoints(RUN, { after: after + 1, limit: 10 })).toEqual([]);
});

/** Asked while a run goes on, or by a person who waits: none reads a table from end to end, nor more rows than these. */
const QUESTIONS: readonly [string, number, (store: Store) => Promise<unknown>][] = [
  ['the newest page of checkpoints', 60, (of) => of.newestCheckpoints(RUN, { limit: 10 })],
  ['an earlier page', 61, (of) => of.newestCheckpoints(RUN, { limit: 10, before: 'step-300' })],
  ['the last checkpoint', 5, (of) => of.checkpointAt(RUN, { kind: 'last' })],
  ['a checkpoint at a step', 5, (of) => of.checkpointAt(RUN, { kind: 'step', step: 120 })],
  ['a checkpoint by its identity', 6, (of) => of.checkpointAt(RUN, { kind: 'name', name: 'snapshot-50' })],
  ['the baseline', 8, (of) => of.checkpointAt(RUN, { kind: 'baseline' })],
  ['the best', 9, (of) => of.checkpointAt(RUN, { kind: 'best', direction: 'maximize' })],
  ['the best evaluations of many runs', 3, (of) => of.bestEvaluations([RUN, 'new', 'none'], { direction: 'maximize' })],
  ['leases of many runs', 0, (of) => of.leasesOf([RUN, 'new', 'none'])],
  ['the worst of a suite', 9, (of) => of.checkpointAt(RUN, { kind: 'best', direction: 'minimize', suite: 'rare' })],
  ['how many checkpoints', 1, (of) => of.countCheckpoints(RUN)],
  ['what was judged since', 61, (of) => of.judgedCheckpoints(RUN, { after: 500, limit: 10 })],
  ['that nothing was judged since', 0, (of) => of.judgedCheckpoints(RUN, { after: 9_999, limit: 10 })],
  ['the newest verdict', 1, (of) => of.newestVerdict(RUN, 'continue')],
  ['a chain of snapshots', 20, (of) => of.snapshotsTo(RUN, 'step-5120')],
  ['the first evaluation', 1, (of) => of.firstEvaluation(RUN)],
  ['the evaluation before', 1, (of) => of.evaluationBefore(RUN, 500)],
  ['the evaluation of a checkpoint', 1, (of) => of.evaluationOf(RUN, 'step-50')],
  ['a page of samples', 1, (of) => of.samples(`${RUN}/step-30/a2`, { limit: 100 })],
  ['scores of prompts', 0, (of) => of.promptScores(`${RUN}/step-30/a2`)],
  ['the newest runs', 2, (of) => of.listRuns({ limit: 2 })],
  ['a run', 1, (of) => of.getRun(RUN)],
  ['branches of a run', 0, (of) => of.branchesOf(RUN)],
  ['the newest step', 1, (of) => of.newestSteps(RUN, { limit: 1 })],
  ['events', 0, (of) => of.events(RUN, { after: 5 })],
  ['the newest events', 0, (of) => of.newestEvents(RUN, { limit: 10 })],
  ['rewinds', 0, (of) => of.rewinds(RUN)],
  ['leases', 0, (of) => of.leases(RUN)],
  ['open leases', 0, (of) => of.openLeases()],
  ['a branch choice', 0, (of) => of.branchChoice(RUN)],
  ['appraisals', 1, (of) => of.appraisals(RUN)],
  ['runs, one page after the other', 2, (of) => of.runsAfter(RUN, 2)],
  ['where branches began', 0, (of) => of.branchPoints()],
  ['which evaluations have samples', 2, (of) => of.sampledEvaluations('', 100)],
  ['what samples weigh', 1, (of) => of.weighSamples(`${RUN}/step-30/a2`)],
  ['which prompt sets were asked', 1, (of) => of.askedPromptSets()],
  ['what others asked of a deployment', 0, (of) => of.rollbacks('deployment')],
];

test.each(QUESTIONS)('%s: at most %i rows, by an index', async (_, most, ask) => {
  const sent = await watched.during(ask);
  expect(sent.length).toBeGreaterThan(0);
  expect(scansOf(path, sent)).toEqual([]);
  expect(rowsOf(path, sent)).toBeLessThanOrEqual(most);
});

test('all checkpoints are read in pages that use indexes, too', async () => {
  expect(scansOf(path, await watched.during((of) => of.checkpointReports(RUN)))).toEqual([]);
});
