import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openStore, PawlError } from '../../store/index.ts';
import type { Store } from '../../store/index.ts';
import { checkpoint, metrics, newFolder, newRun, PLAN, produced, scored, SPEC } from './fixtures.ts';

let store: Store;
let path: string;

beforeEach(async () => {
  path = join(await newFolder(), 'pawl.db');
  store = await openStore({ path });
  await store.saveRun(newRun('speller-1'));
});

afterEach(() => store.close());

describe('runs', () => {
  test('a new run is pending at step 0, and its spec comes back as it went in', async () => {
    expect(await store.getRun('speller-1')).toEqual({
      ...newRun('speller-1'),
      phase: 'plan',
      step: 0,
      generation: 1,
      outcome: 'pending',
      updatedAt: expect.any(String),
    });
  });

  test('the first save of a run stands', async () => {
    await store.saveRun({ ...newRun('speller-1', '2027-01-01T00:00:00.000Z'), spec: { ...SPEC, name: 'other' } });
    expect(await store.getRun('speller-1')).toMatchObject({ spec: SPEC, createdAt: '2026-01-02T03:04:05.000Z' });
  });

  test('plan, outcome, reason and release are kept by updates that do not name them', async () => {
    const release = { trainerState: 'JOB_STATE_DELETED', deploymentState: 'DELETED' };
    await store.updateRun('speller-1', { phase: 'plan', step: 0, generation: 1, plan: PLAN, outcome: 'running' });
    await store.updateRun('speller-1', { phase: 'release', step: 3, generation: 1, reason: 'target', release });
    await store.updateRun('speller-1', { phase: 'done', step: 3, generation: 1 });
    expect(await store.getRun('speller-1')).toMatchObject({
      phase: 'done',
      step: 3,
      plan: PLAN,
      outcome: 'running',
      reason: 'target',
      release,
    });
  });

  test('progress that is behind is ignored, what came with it is not', async () => {
    await store.updateRun('speller-1', { phase: 'train', step: 30, generation: 1 });
    await store.updateRun('speller-1', { phase: 'evaluate', step: 20, generation: 1, reason: 'late' });
    expect(await store.getRun('speller-1')).toMatchObject({ phase: 'train', step: 30, reason: 'late' });
  });

  test('a run that is over is done, also where its result is an earlier step', async () => {
    await store.updateRun('speller-1', { phase: 'train', step: 30, generation: 1 });
    await store.updateRun('speller-1', { phase: 'done', step: 20, generation: 1, outcome: 'finished' });
    expect(await store.getRun('speller-1')).toMatchObject({ phase: 'done', step: 30, outcome: 'finished' });
  });

  test('a higher generation takes the step back', async () => {
    await store.updateRun('speller-1', { phase: 'train', step: 30, generation: 1 });
    await store.updateRun('speller-1', { phase: 'connect', step: 20, generation: 2 });
    await store.updateRun('speller-1', { phase: 'train', step: 31, generation: 1 });
    expect(await store.getRun('speller-1')).toMatchObject({ phase: 'connect', step: 20, generation: 2 });
  });

  test('nothing that comes from a lower generation is taken', async () => {
    await store.updateRun('speller-1', { phase: 'connect', step: 20, generation: 2, reason: 'rewound' });
    await store.updateRun('speller-1', { phase: 'done', step: 99, generation: 1, outcome: 'failed', reason: 'zombie' });
    expect(await store.getRun('speller-1')).toMatchObject({ phase: 'connect', outcome: 'pending', reason: 'rewound' });
  });

  test('runs are listed newest first, up to the limit', async () => {
    await store.saveRun(newRun('speller-3', '2026-03-01T00:00:00.000Z'));
    await store.saveRun(newRun('speller-2', '2026-02-01T00:00:00.000Z'));
    expect((await store.listRuns({ limit: 2 })).map((run) => run.runId)).toEqual(['speller-3', 'speller-2']);
  });
});

describe('a reference to a run', () => {
  beforeEach(async () => {
    await store.saveRun(newRun('speller-22', '2026-02-01T00:00:00.000Z'));
    await store.saveRun(newRun('reader-1', '2026-03-01T00:00:00.000Z', 'reader'));
  });

  test.each([
    ['an id, though another id starts with it', 'speller-1'],
    ['a beginning that only one id has', 'speller-2'],
    ['a name that only one run has', 'reader'],
  ])('may be %s', async (_, reference) => {
    expect((await store.getRun(reference)).runId.startsWith(reference)).toBe(true);
  });

  test('that fits several runs fails, listing them', async () => {
    await expect(store.getRun('speller')).rejects.toThrow(
      '"speller" may be any of 2 runs, give one id: speller-1 (2026-01-02T03:04:05.000Z), speller-22 (2026-02-01T00:00:00.000Z)',
    );
    await expect(store.getRun('spell')).rejects.toBeInstanceOf(PawlError);
  });

  test('is not a pattern', async () => {
    await expect(store.getRun('%')).rejects.toThrow('There is no run "%"');
    await expect(store.getRun('reader_')).rejects.toThrow('There is no run "reader_"');
  });
});

describe('steps', () => {
  test('are read in order, after a step if asked', async () => {
    await store.recordSteps('speller-1', [metrics(3), metrics(1), metrics(2)]);
    expect(await store.steps('speller-1')).toEqual([metrics(1), metrics(2), metrics(3)]);
    expect(await store.steps('speller-1', { afterStep: 2 })).toEqual([metrics(3)]);
  });

  test('the first record of a generation stands', async () => {
    await store.recordSteps('speller-1', [metrics(1)]);
    await store.recordSteps('speller-1', [metrics(1, { seconds: 0.001 }), metrics(2)]);
    expect(await store.steps('speller-1')).toEqual([metrics(1), metrics(2)]);
  });

  test('a higher generation replaces, a lower one does not', async () => {
    const again = metrics(1, { generation: 2, lossMean: 1.5 });
    await store.recordSteps('speller-1', [metrics(1)]);
    await store.recordSteps('speller-1', [again]);
    await store.recordSteps('speller-1', [metrics(1)]);
    expect(await store.steps('speller-1')).toEqual([again]);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-300, 0.1 + 0.2])(
    'a loss of %d comes back as it is',
    async (lossMean) => {
      await store.recordSteps('speller-1', [metrics(1, { lossMean })]);
      expect((await store.steps('speller-1'))[0]?.lossMean).toBe(lossMean);
    },
  );

  test('keep what was told of them, and what a higher generation was told replaces it, by nothing too', async () => {
    const told = metrics(1, { metrics: { 'logprob:mean': -1.25, grad_norm: 1e-300, 'a "name"': Number.NaN } });
    const other = metrics(2, { metrics: { 'loss:sum': 3 } });
    await store.recordSteps('speller-1', [told, other, metrics(3)]);
    expect(await store.steps('speller-1')).toStrictEqual([told, other, metrics(3)]);
    const again = [metrics(1, { generation: 2 }), metrics(2, { generation: 2, metrics: { 'loss:sum': 4 } })];
    await store.recordSteps('speller-1', again);
    expect(await store.steps('speller-1')).toStrictEqual([...again, metrics(3)]);
  });

  test('a long list is written whole', async () => {
    const all = Array.from({ length: 1_234 }, (_, index) => metrics(index + 1));
    await store.recordSteps('speller-1', all);
    expect(await store.steps('speller-1')).toEqual(all);
  });

  test('of a lower generation than the run are ignored, on their own and among others', async () => {
    await store.updateRun('speller-1', { phase: 'connect', step: 0, generation: 2 });
    const second = metrics(2, { generation: 2 });
    await store.recordSteps('speller-1', [metrics(1)]);
    await store.recordSteps('speller-1', [metrics(1), second]);
    expect(await store.steps('speller-1')).toEqual([second]);
  });

  test('no steps are no error', async () => {
    await store.recordSteps('speller-1', []);
    expect(await store.steps('speller-1')).toEqual([]);
  });
});

describe('events', () => {
  test('the first time of an event stands, and reading on starts after the last one seen', async () => {
    const event = { at: '2026-01-01T00:00:01.000Z', phase: 'train', level: 'info', message: 'step 1' } as const;
    await store.addEvent('speller-1', { ...event, key: 'a' });
    await store.addEvent('speller-1', { ...event, key: 'b', message: 'step 2' });
    await store.addEvent('speller-1', { ...event, key: 'a', at: '2026-01-01T09:09:09.000Z' });
    const events = await store.events('speller-1');
    expect(events).toEqual([
      { ...event, key: 'a', seq: expect.any(Number) },
      { ...event, key: 'b', message: 'step 2', seq: expect.any(Number) },
    ]);
    expect(await store.events('speller-1', { after: events[0]?.seq ?? 0 })).toEqual(events.slice(1));
  });

  test('keys are those of their run', async () => {
    await store.saveRun(newRun('speller-2'));
    const event = { key: 'a', at: '2026-01-01T00:00:01.000Z', phase: 'plan', level: 'warn', message: '' } as const;
    await store.addEvent('speller-1', event);
    await store.addEvent('speller-2', event);
    expect(await store.events('speller-2')).toHaveLength(1);
  });
});

describe('checkpoints', () => {
  test('are reported with what is known of them', async () => {
    await store.saveCheckpoint('speller-1', checkpoint(20, { snapshotType: 'delta', previousIdentity: 'snapshot-0' }));
    await store.saveCheckpoint('speller-1', checkpoint(0));
    await store.saveSync('speller-1', { identity: 'snapshot-0', replicas: 2, seconds: 1.5 });
    const { kind: _, ...evaluation } = scored(0, 1);
    await store.saveEvaluation('speller-1', scored(0, 1));
    await store.saveVerdict('speller-1', { checkpoint: 'step-0', kind: 'continue', reason: 'baseline' });
    expect(await store.checkpointReports('speller-1')).toEqual([
      {
        checkpoint: checkpoint(0),
        savedAt: expect.any(String),
        sync: { identity: 'snapshot-0', replicas: 2, seconds: 1.5, confirmedAt: expect.any(String) },
        evaluation,
        verdict: { kind: 'continue', reason: 'baseline' },
      },
      {
        checkpoint: checkpoint(20, { snapshotType: 'delta', previousIdentity: 'snapshot-0' }),
        savedAt: expect.any(String),
      },
    ]);
  });

  test('a checkpoint saved again as a base is no longer a delta', async () => {
    await store.saveCheckpoint('speller-1', checkpoint(20, { snapshotType: 'delta', previousIdentity: 'snapshot-0' }));
    await store.saveCheckpoint('speller-1', checkpoint(20, { identity: 'snapshot-20-r2' }));
    const reports = await store.checkpointReports('speller-1');
    expect(reports.map((report) => report.checkpoint)).toEqual([checkpoint(20, { identity: 'snapshot-20-r2' })]);
  });

  test('a confirmation belongs to the identity that was confirmed', async () => {
    await store.saveCheckpoint('speller-1', checkpoint(20));
    await store.saveSync('speller-1', { identity: 'snapshot-0', replicas: 1, seconds: 1 });
    expect((await store.checkpointReports('speller-1'))[0]).not.toHaveProperty('sync');
  });

  test('the first confirmation stands', async () => {
    await store.saveCheckpoint('speller-1', checkpoint(20));
    await store.saveSync('speller-1', { identity: 'snapshot-20', replicas: 2, seconds: 1 });
    const [first] = await store.checkpointReports('speller-1');
    await store.saveSync('speller-1', { identity: 'snapshot-20', replicas: 2, seconds: 0 });
    expect(await store.checkpointReports('speller-1')).toEqual([first]);
  });

  test('the last attempt that scored speaks, a void one does not', async () => {
    await store.saveCheckpoint('speller-1', checkpoint(20));
    const { id, checkpoint: name, step, identity, promptSet, metric } = scored(20, 1);
    const voided = { kind: 'void', id, checkpoint: name, step, identity, promptSet, metric, reason: 'moved' } as const;
    await store.saveEvaluation('speller-1', voided);
    expect((await store.checkpointReports('speller-1'))[0]).not.toHaveProperty('evaluation');
    await store.saveEvaluation('speller-1', scored(20, 2, { score: 0.6 }));
    expect((await store.checkpointReports('speller-1'))[0]?.evaluation).toMatchObject({ score: 0.6 });
    expect(await store.evaluations('speller-1')).toEqual([voided, scored(20, 2, { score: 0.6 })]);
  });

  test('a score that is not a number is kept as such', async () => {
    const empty = scored(20, 1, { score: Number.NaN, low: Number.NaN, high: Number.NaN, samples: 0, missing: 10 });
    await store.saveEvaluation('speller-1', empty);
    expect(await store.evaluations('speller-1')).toEqual([empty]);
  });
});

describe('samples', () => {
  const missing = {
    kind: 'missing',
    promptIndex: 0,
    sampleIndex: 0,
    promptHash: 'f'.repeat(64),
    promptTokens: 7,
    error: '503',
  } as const;

  test('come back as they went in, in order of prompt', async () => {
    const {
      meanLogprob: _,
      servedIdentity: __,
      ...bare
    } = produced(1, { tokens: [], text: '', finishReason: 'length' });
    const samples = [missing, bare, produced(2)];
    for (const sample of [...samples].reverse()) await store.saveSample('run/step-20/a1', sample);
    expect(await store.samples('run/step-20/a1')).toEqual(samples);
    expect(await store.samples('run/step-20/a2')).toEqual([]);
  });

  test('a produced sample stands; a missing one may still be produced', async () => {
    await store.saveSample('e', missing);
    await store.saveSample('e', produced(0));
    await store.saveSample('e', produced(0, { text: 'again', score: 0 }));
    await store.saveSample('e', missing);
    expect(await store.samples('e')).toEqual([produced(0)]);
  });
});

describe('prompt sets', () => {
  test('are keyed by hash', async () => {
    const set = { hash: 'e'.repeat(64), prompts: 10, duplicates: 2, tokenizer: 'c'.repeat(64) };
    await store.savePromptSet(set);
    await store.savePromptSet({ ...set, prompts: 99 });
    expect(await store.promptSet(set.hash)).toEqual(set);
    expect(await store.promptSet('nothing')).toBeUndefined();
  });
});

describe('a rewind', () => {
  const rewind = { generation: 2, cause: 'LostTrainer: gone', fromStep: 7, toStep: 4, seconds: 1.5, cost: 0.25 };

  test('is kept as first recorded, in order of generation', async () => {
    await store.saveRewind('speller-1', { ...rewind, generation: 3 });
    await store.saveRewind('speller-1', rewind);
    await store.saveRewind('speller-1', { ...rewind, cause: 'again', seconds: 9 });
    expect(await store.rewinds('speller-1')).toEqual([
      { ...rewind, recordedAt: expect.any(String) },
      { ...rewind, generation: 3, recordedAt: expect.any(String) },
    ]);
  });

  test('forgets the later steps of earlier generations only', async () => {
    const again = metrics(3, { generation: 2 });
    await store.recordSteps('speller-1', [metrics(1), metrics(2), metrics(3), metrics(4)]);
    await store.recordSteps('speller-1', [again]);
    await store.forgetStepsAfter('speller-1', { step: 2, generation: 2 });
    await store.forgetStepsAfter('speller-1', { step: 2, generation: 2 });
    expect(await store.steps('speller-1')).toEqual([metrics(1), metrics(2), again]);
  });

  test('shuts out the worker that was replaced, though nobody has told the run yet', async () => {
    await store.recordSteps('speller-1', [metrics(1), metrics(2)]);
    await store.forgetStepsAfter('speller-1', { step: 1, generation: 2 });
    await store.recordSteps('speller-1', [metrics(2), metrics(3)]);
    expect(await store.steps('speller-1')).toEqual([metrics(1)]);
    expect(await store.getRun('speller-1')).toMatchObject({ step: 1, generation: 2 });
  });
});

describe('leases', () => {
  const trainer = { kind: 'trainer', id: 't-speller-1' } as const;
  const deployment = { kind: 'deployment', id: 't-speller-1' } as const;

  test('are open until they end; the first plan and the first end stand', async () => {
    await store.planLease('speller-1', trainer);
    await store.planLease('speller-1', deployment);
    const planned = await store.openLeases();
    await store.planLease('speller-1', trainer);
    expect(await store.openLeases()).toEqual(planned);
    expect(planned.map(({ kind, id, runId }) => ({ kind, id, runId }))).toEqual(
      expect.arrayContaining([
        { ...trainer, runId: 'speller-1' },
        { ...deployment, runId: 'speller-1' },
      ]),
    );
    await store.endLease(trainer, 'JOB_STATE_DELETED');
    await store.endLease(trainer, 'gone');
    expect(await store.openLeases()).toEqual(planned.filter(({ kind }) => kind === 'deployment'));
    expect((await store.leases('speller-1')).find(({ kind }) => kind === 'trainer')).toMatchObject({
      state: 'JOB_STATE_DELETED',
      releasedAt: expect.any(String),
    });
  });

  test('that ended are open again once they are planned again', async () => {
    await store.planLease('speller-1', trainer);
    await store.endLease(trainer, 'paused');
    await store.planLease('speller-1', trainer);
    const [open] = await store.openLeases();
    expect(open).toEqual({ ...trainer, runId: 'speller-1', plannedAt: expect.any(String) });
  });

  test('remember whose runs they are for', async () => {
    const other = await openStore({ path, namespaceId: 'a-namespace' });
    await other.planLease('speller-1', trainer);
    await other.close();
    await store.planLease('speller-1', deployment);
    expect((await store.openLeases()).map(({ kind, namespaceId }) => [kind, namespaceId])).toEqual(
      expect.arrayContaining([
        ['trainer', 'a-namespace'],
        ['deployment', undefined],
      ]),
    );
  });

  test('that were never planned do not appear by ending', async () => {
    await store.endLease(trainer, 'gone');
    expect(await store.leases('speller-1')).toEqual([]);
  });
});
