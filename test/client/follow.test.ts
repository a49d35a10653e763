/** Following a run: what is new is told once, and nothing else is read. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { RunChange } from '../../client/runs/run-changes.ts';
import { readDetails } from '../../client/runs/run-details.ts';
import { RunStore } from '../../client/runs/run-store.ts';
import { RunWatch } from '../../client/runs/run-watch.ts';
import { TaskQueues } from '../../client/runs/task-queues.ts';
import { TemporalLink } from '../../client/temporal/temporal-link.ts';
import { openStore, type Store } from '../../store/index.ts';
import { checkpoint, metrics, newFolder, newRun, scored } from '../store/fixtures.ts';
import { rowsOf, scansOf } from '../store/statements.ts';

const RUN = 'speller-1';

let store: Store;
let path: string;
let seen: RunStore;
let watch: RunWatch;
let sent: { sql: string; parameters: readonly unknown[] }[];

beforeEach(async () => {
  path = join(await newFolder(), 'pawl.db');
  store = await openStore({ path });
  await store.saveRun(newRun(RUN));
  sent = [];
  seen = new RunStore(path, { onStatement: ({ sql, parameters }) => sent.push({ sql, parameters }) });
  // No server is known: the store alone tells of the run.
  const temporal = new TemporalLink({ namespace: 'default', queues: new TaskQueues(seen, 'pawl') });
  watch = new RunWatch(temporal, seen);
});

afterEach(async () => {
  await seen.close();
  await store.close();
});

async function judge(index: number): Promise<void> {
  const saved = checkpoint(index * 10);
  await store.saveCheckpoint(RUN, saved);
  await store.saveEvaluation(RUN, scored(index * 10, 1, { id: `${RUN}/${saved.name}/a1` }));
  await store.saveVerdict(RUN, { checkpoint: saved.name, kind: 'continue', reason: `of ${index}` });
}

test('of 450 checkpoints each is told once, and a look at what is new reads no old one', async () => {
  for (let index = 0; index < 450; index++) await judge(index);
  await store.recordSteps(
    RUN,
    Array.from({ length: 2_500 }, (_, index) => metrics(index + 1)),
  );
  await store.updateRun(RUN, { phase: 'train', step: 2_500, generation: 1, outcome: 'running' });
  const told: string[] = [];
  const kinds = new Set<RunChange['kind']>();
  let more = 0;
  for await (const change of watch.follow(RUN, { pollMs: 5 })) {
    kinds.add(change.kind);
    if (change.kind === 'checkpoint') told.push(change.checkpoint.checkpoint.name);
    if (change.kind === 'progress') {
      if (more > 0) {
        // The row of the run, perhaps looked at several times, and the one checkpoint with what is known of it.
        const looks = sent.filter(({ sql }) => sql.includes('"verdicts"')).length;
        expect(rowsOf(path, sent)).toBeLessThan(2 * looks + 10);
        expect(scansOf(path, sent)).toEqual([]);
      }
      sent.length = 0;
      more += 1;
      if (more <= 3) {
        await judge(449 + more);
        await store.updateRun(RUN, { phase: 'train', step: 2_500 + more, generation: 1 });
      } else {
        await store.updateRun(RUN, { phase: 'done', step: 2_600, generation: 1, outcome: 'finished', reason: 'done' });
      }
    }
  }
  expect(told).toEqual(Array.from({ length: 453 }, (_, index) => `step-${index * 10}`));
  expect([...kinds].toSorted()).toEqual(['checkpoint', 'end', 'progress', 'waiting']);
});

test('what is shown of a long run is a page of it, with the first checkpoint and the best', async () => {
  for (let index = 0; index < 120; index++) await judge(index);
  await store.saveEvaluation(RUN, scored(330, 1, { id: `${RUN}/step-330/a1`, score: 0.9 }));
  await store.recordSteps(
    RUN,
    Array.from({ length: 3_100 }, (_, index) => metrics(index + 1)),
  );
  const view = { runId: RUN, outcome: 'running', stored: await store.getRun(RUN) } as const;
  const details = await readDetails(store, view, { checkpoints: 20 });
  const names = (rows: typeof details.checkpoints): string[] => rows.map((row) => row.checkpoint.name);
  expect(names(details.checkpoints)).toEqual(Array.from({ length: 20 }, (_, index) => `step-${1_000 + index * 10}`));
  expect(names(details.landmarks)).toEqual(['step-0', 'step-330']);
  expect(details.checkpointCount).toBe(120);
  expect(details.steps.map(({ step }) => step)).toEqual(Array.from({ length: 1_000 }, (_, index) => 2_101 + index));
  expect(details.curve.reduce((sum, { steps }) => sum + steps, 0)).toBe(3_100);
  expect(details.curve.length).toBeLessThanOrEqual(100);
  const earlier = await readDetails(store, view, { checkpoints: 20, before: 'step-400' });
  expect(names(earlier.checkpoints).at(-1)).toBe('step-390');
  expect(names(earlier.landmarks)).toEqual(['step-0']);
  await expect(readDetails(store, view, { before: 'step-401' })).rejects.toThrow('has no checkpoint "step-401"');
});
