import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openStore, type Store } from '../../store/index.ts';
import { markKey, readLineage, type LineageCheckpoint, type LineageRun } from '../../client/lineage/lineage.ts';
import { colours } from '../../client/cli/render/colours.ts';
import { lineageGraph, lineageList } from '../../client/cli/render/lineage-lines.ts';
import { checkpoint, newFolder, newRun, scored } from '../store/fixtures.ts';

const PLAIN = colours(false);

function at(step: number, savedAt: string, change: Partial<LineageCheckpoint> = {}): LineageCheckpoint {
  const name = `step-${step}`;
  return { name, step, generation: 1, snapshotType: 'base', identity: `${name}-x`, savedAt, marks: [], ...change };
}

function run(runId: string, createdAt: string, change: Partial<LineageRun> = {}): LineageRun {
  return { runId, outcome: 'finished', createdAt, checkpoints: [], rewinds: [], changes: [], ...change };
}

function branchOf(runId: string, step: number, path: string): NonNullable<LineageRun['parent']> {
  return { runId, checkpoint: `step-${step}`, step, changes: [{ path, before: 1, after: 2 }] };
}

const REWIND = { generation: 2, cause: 'lost', fromStep: 25, toStep: 20, seconds: 1, cost: 0, recordedAt: 't25' };

const CHANGE = {
  number: 1,
  path: 'train.optimizer.learningRate',
  before: 0.01,
  after: 0.001,
  fromStep: 21,
  by: 'ada@host',
  askedAt: 't19',
  recordedAt: 't21',
};

/** `a` was branched twice at step 20 and one of its branches once more; `z` has nothing to do with them. */
const FAMILY: LineageRun[] = [
  run('z', 't90', { outcome: 'running', checkpoints: [at(0, 't90')] }),
  run('d', 't70', { parent: branchOf('c', 40, 'train.seed'), checkpoints: [at(40, 't71')] }),
  run('c', 't51', {
    parent: { runId: 'a', checkpoint: 'step-20', step: 20, changes: [] },
    checkpoints: [at(20, 't52'), at(40, 't55', { marks: ['prod'] })],
  }),
  run('b', 't50', { parent: branchOf('a', 20, 'train.steps'), reason: 'c was better', checkpoints: [at(20, 't53')] }),
  run('a', 't00', {
    reason: 'plateau',
    checkpoints: [at(0, 't01'), at(20, 't20'), at(40, 't40')],
    rewinds: [REWIND],
    changes: [CHANGE],
  }),
];

test('a graph has a column for each run, and a branch joins the checkpoint that it began at', () => {
  expect(lineageGraph(FAMILY, PLAIN, 100).split('\n')).toEqual([
    '◆ z  running',
    '● step 0  step-0-x',
    '',
    '◆ a  finished',
    '│   plateau',
    '● step 40  step-40-x',
    '↺ rewound from step 25 to 20, generation 2: lost',
    '✎ from step 21 on train.optimizer.learningRate 0.01 → 0.001, set by ada@host',
    '│ ◆ c  finished  nothing changed',
    '│ │ ◆ d  finished  train.seed 1 → 2',
    '│ │ ● step 40  step-40-x',
    '│ ├─╯',
    '│ ● step 40  step-40-x  (prod)',
    '│ ● step 20  step-20-x',
    '├─╯',
    '│ ◆ b  finished  train.steps 1 → 2',
    '│ │   c was better',
    '│ ● step 20  step-20-x',
    '├─╯',
    '● step 20  step-20-x',
    '● step 0  step-0-x',
  ]);
});

test('every run and checkpoint is in it, also where a parent is not', () => {
  const orphans = FAMILY.filter(({ runId }) => runId !== 'a');
  const graph = lineageGraph(orphans, PLAIN, 100);
  for (const { runId } of orphans) expect(graph).toMatch(new RegExp(`^(│ )*◆ ${runId} `, 'm'));
  expect(graph.match(/●/g)).toHaveLength(orphans.flatMap(({ checkpoints }) => checkpoints).length);
});

test('lines are cut to the width', () => {
  const lines = lineageGraph(FAMILY, PLAIN, 24).split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBe(24);
});

test('a list has the newest checkpoint first', () => {
  const [head, ...lines] = lineageList(FAMILY, 3, 100).split('\n');
  expect(head).toMatch(/^saved \(UTC\) +run +step +identity/);
  expect(lines.map((line) => line.split(/ +/).slice(0, 3))).toEqual([
    ['t90', 'z', '0'],
    ['t71', 'd', '40'],
    ['t55', 'c', '40'],
  ]);
  expect(lines[2]).toMatch(/prod$/);
});

let store: Store;
beforeEach(async () => {
  store = await openStore({ path: join(await newFolder(), 'pawl.db') });
});
afterEach(() => store.close());

test('the family of a run is read from any of its members, with scores, verdicts and marks', async () => {
  const parent = { runId: 'speller-1', checkpoint: 'step-20', step: 20, changes: [] };
  await store.saveRun(newRun('speller-1'));
  await store.saveCheckpoint('speller-1', checkpoint(20));
  await store.saveEvaluation('speller-1', scored(20, 1));
  await store.saveVerdict('speller-1', { checkpoint: 'step-20', kind: 'branch', reason: 'plateau' });
  await store.saveRun({ ...newRun('speller-2', '2026-01-03T00:00:00.000Z'), parent });
  await store.saveRun({ ...newRun('speller-3', '2026-01-04T00:00:00.000Z'), parent });
  await store.saveRun(newRun('other-1', '2026-01-05T00:00:00.000Z', 'other'));
  const marks = new Map([[markKey('speller-1', 'step-20'), ['prod']]]);
  const family = await readLineage(store, { runId: 'speller-3', limit: 1 }, marks);
  expect(family.map(({ runId }) => runId)).toEqual(['speller-3', 'speller-2', 'speller-1']);
  expect(family[2]?.checkpoints).toMatchObject([
    { name: 'step-20', evaluation: { score: 0.5 }, verdict: { kind: 'branch', reason: 'plateau' }, marks: ['prod'] },
  ]);
  expect((await readLineage(store, { limit: 2 })).map(({ runId }) => runId)).toEqual(['other-1', 'speller-3']);
});

test('trials of a sweep are columns that come from it', () => {
  const trialOf = (number: number, rate: number): Partial<LineageRun> => ({
    trial: { sweepId: 'rates-1', number, parameters: { 'train.optimizer.learningRate': rate } },
  });
  const runs = [
    run('t1', 't30', { ...trialOf(1, 0.0001234567), checkpoints: [at(0, 't31')] }),
    run('a', 't20'),
    run('t0', 't10', trialOf(0, 0.01)),
  ];
  expect(lineageGraph(runs, PLAIN, 100).split('\n')).toEqual([
    '│ ◆ t1  finished  trial 1: train.optimizer.learningRate 0.0001235',
    '│ ● step 0  step-0-x',
    '├─╯',
    '│ ◆ t0  finished  trial 0: train.optimizer.learningRate 0.01',
    '├─╯',
    '◇ rates-1  sweep',
    '',
    '◆ a  finished',
  ]);
});
