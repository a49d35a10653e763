/** What `pawl gc` removes of many runs, without holding them: a real store, and a directory that knows no run any more. */
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { collecting } from '../../activities/upkeep/gc.ts';
import type { RunDirectory } from '../../activities/upkeep/reconcile.ts';
import type { GcReport } from '../../domain/words/gc.ts';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import { openStore, type Store } from '../../store/index.ts';
import { PLAN, checkpoint, newFolder, newRun, produced, scored } from '../store/fixtures.ts';

let store: Store;
let folder: string;
const goesOn = new Set<string>();

beforeEach(async () => {
  folder = await newFolder();
  store = await openStore({ path: join(folder, 'pawl.db') });
  goesOn.clear();
});

afterEach(() => store.close());

/** A base and three deltas, twice; all evaluated, the best of them the third. */
async function finished(runId: string): Promise<void> {
  await store.saveRun(newRun(runId));
  for (let index = 0; index < 8; index++) {
    const on = { snapshotType: 'delta', previousIdentity: `snapshot-${index - 1}` } as const;
    await store.saveCheckpoint(runId, checkpoint(index, index % 4 === 0 ? {} : on));
    const id = `${runId}/step-${index}/a1`;
    await store.saveSample(id, produced(0));
    await store.saveSample(id, produced(1));
    await store.saveEvaluation(runId, scored(index, 1, { id, score: index === 2 ? 0.9 : 0.1 }));
  }
  await store.saveSample(`${runId}/snapshot-7/p1a1`, produced(0));
  await store.updateRun(runId, { phase: 'done', step: 8, generation: 1, outcome: 'finished', plan: PLAN });
}

async function collect(input: { dryRun: boolean; olderThanHours?: number }): Promise<GcReport> {
  const directory: RunDirectory = {
    namespaceId: 'ours',
    endOf: async (runId) => (goesOn.has(runId) ? undefined : { fate: 'is over' }),
  };
  const ports = { store, artifacts: openArtifacts(join(folder, 'artifacts')), directory };
  return new MockActivityEnvironment().run(() => collecting(ports).collectGarbage(input));
}

test('of hundreds of runs, the samples of checkpoints that nothing leads to; of those that go on, none', async () => {
  const names = Array.from({ length: 230 }, (_, index) => `run-${String(index).padStart(3, '0')}`);
  for (const runId of names.slice(0, 4)) await finished(runId);
  for (const runId of names.slice(4)) await store.saveRun(newRun(runId));
  const [over = '', running = '', parent = '', rented = ''] = names;
  await store.updateRun(running, { phase: 'train', step: 8, generation: 1, outcome: 'running' });
  goesOn.add(running);
  await store.planLease(rented, { kind: 'trainer', id: 'trainer' });
  const changes = [{ path: 'train.seed', before: 0, after: 1 }];
  await store.saveRun({ ...newRun('branch'), parent: { runId: parent, checkpoint: 'step-3', step: 3, changes } });

  const dry = await collect({ dryRun: true });
  const of = (report: GcReport, runId: string): unknown =>
    report.samples.items.filter((one) => one.runId === runId).map((one) => `${one.checkpoint} ${one.samples}`);
  // Kept are 0 (baseline), 1 and 2 (the best, on its base), 4 to 7 (the last, on its base).
  const never = 'evaluations that never ended 1';
  expect(of(dry, over)).toEqual([never, 'step-3 2']);
  expect(of(dry, parent)).toEqual([never]);
  expect([of(dry, running), of(dry, rented)]).toEqual([[], []]);
  expect(dry.samples.count).toBe(3);
  expect(dry.keptCheckpoints.count).toBe(7 + 8 + 8 + 8);
  expect(await store.samples(`${over}/step-3/a1`)).toHaveLength(2);

  expect((await collect({ dryRun: false, olderThanHours: 1 })).samples.count).toBe(0);
  const done = await collect({ dryRun: false });
  expect(done.samples).toEqual(dry.samples);
  for (const runId of [over, parent]) {
    for (let index = 0; index < 8; index++) {
      expect(await store.samples(`${runId}/step-${index}/a1`)).toHaveLength(runId === over && index === 3 ? 0 : 2);
    }
    expect(await store.samples(`${runId}/snapshot-7/p1a1`)).toEqual([]);
  }
  for (const runId of [running, rented]) expect(await store.samples(`${runId}/step-3/a1`)).toHaveLength(2);
  expect((await collect({ dryRun: false })).samples.count).toBe(0);
});
