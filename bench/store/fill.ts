/** Fills a store as large as pawl promises to answer quickly about: rows by SQL, for nobody waits for five million calls. */
import Database from 'libsql';
import type { Plan } from '../../domain/words/plan.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import { openStore } from '../../store/index.ts';

export interface StoreSize {
  readonly runs: number;
  readonly checkpoints: number;
  readonly prompts: number;
  readonly steps: number;
  /** Of the run that is replayed. */
  readonly replayedSteps: number;
}

export const LONG = 'long-00000001';
export const REPLAYED = 'replayed-00000002';

/** Steps that complete a thousand, told again so that the store keeps what it keeps of each. */
const CLOSED_AT_ONCE = 20;

export const SPEC = RunSpec.parse({
  name: 'long',
  model: { shape: 'accounts/a/trainingShapes/tiny', tokenizer: 'tokenizer.json' },
  data: { train: 'train.jsonl' },
  train: { steps: 5_000_000, batchSize: 8, optimizer: { learningRate: 1e-3 } },
  checkpoint: { every: 1_000 },
  evaluate: { prompts: 'prompts.jsonl' },
  policy: { spike: { factor: 3, window: 50 }, patience: 1_000_000 },
  budget: { maxHours: 1e9 },
});

const PLAN: Plan = {
  platform: 'sandbox:a',
  account: 'a',
  shape: {
    reference: 'accounts/a/trainingShapes/tiny/versions/1',
    baseModel: 'accounts/a/models/tiny',
    maxContextTokens: 128,
    acceleratorType: 'CPU',
    acceleratorCount: 1,
    deploymentShape: 'accounts/a/deploymentShapes/tiny',
  },
  baseModel: 'accounts/a/models/tiny',
  dataset: 'd'.repeat(64),
  examples: 100,
  examplesDropped: 2,
  promptSet: 'e'.repeat(64),
  prompts: 256,
  chunksPerStep: 1,
  requestsPerStep: 2,
  costPerHour: 1,
};

export async function fillStore(path: string, size: StoreSize, log: (message: string) => void): Promise<void> {
  const store = await openStore({ path });
  try {
    for (const runId of [LONG, REPLAYED]) {
      const steps = runId === LONG ? size.steps : size.replayedSteps;
      await store.saveRun({ runId, name: runId.slice(0, -9), spec: SPEC, createdAt: '2026-12-01T00:00:00.000Z' });
      const done = {
        phase: 'done',
        step: steps,
        generation: 1,
        outcome: 'finished',
        reason: 'all steps are done',
      } as const;
      await store.updateRun(runId, { ...done, plan: PLAN });
      await store.planLease(runId, { kind: 'trainer', id: `${runId}-trainer` });
    }
    log(`${size.runs} runs, ${size.steps + size.replayedSteps} steps, ${2 * size.checkpoints} checkpoints …`);
    fillRows(path, size);
    log('what is kept of each thousand steps …');
    for (const [runId, steps] of [
      [LONG, size.steps],
      [REPLAYED, size.replayedSteps],
    ] as const) {
      const ends = Array.from({ length: Math.floor(steps / 1_000) }, (_, index) => (index + 1) * 1_000);
      for (let start = 0; start < ends.length; start += CLOSED_AT_ONCE) {
        const rows = ends.slice(start, start + CLOSED_AT_ONCE).map((step) => ({
          step,
          generation: 1,
          lossMean: 0,
          learningRate: 0,
          tokens: 0,
          seconds: 0,
        }));
        // They are there already: the first record stands, and closes its thousand.
        await store.recordSteps(runId, rows);
      }
    }
  } finally {
    await store.close();
  }
}

function fillRows(path: string, size: StoreSize): void {
  const database = new Database(path);
  const counted = (count: number, insert: string): void => {
    database.exec(`with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count}) ${insert}`);
  };
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
    counted(
      size.runs,
      `insert into runs (id, name, spec, plan, phase, step, generation, outcome, reason, created_at, updated_at)
       select printf('other-%08x', i), 'other', runs.spec, runs.plan, 'done', 400, 1, 'finished', 'all 400 steps are done',
              strftime('%Y-%m-%dT%H:%M:%fZ', '2026-01-01', '+' || i || ' minutes'), runs.updated_at
       from n, runs where runs.id = '${LONG}'`,
    );
    for (const [run, steps] of [
      [LONG, size.steps],
      [REPLAYED, size.replayedSteps],
    ] as const) {
      // A loss that falls and is never twice the same.
      counted(
        steps,
        `insert into step_metrics (run_id, step, generation, loss_mean, learning_rate, tokens, seconds, metrics)
         select '${run}', i, 1, 0.5 + 1000.0 / (i + 500) + (i * 7919 % 1009) / 5000.0, 0.001, 2048, 0.05 + (i % 7) * 0.001,
                '{"grad_norm":0.' || (i % 100003) || '}' from n`,
      );
      const every = Math.max(1, Math.floor(steps / size.checkpoints));
      const name = `printf('step-%06d-g1', i * ${every})`;
      counted(
        size.checkpoints,
        `insert into checkpoints (run_id, name, step, generation, state_path, snapshot_type, identity, previous_identity, saved_at)
         select '${run}', ${name}, i * ${every}, 1, 'tinker://' || i, case when i % 10 = 1 then 'base' else 'delta' end,
                ${name} || '-00000001', printf('step-%06d-g1-00000001', (i - 1) * ${every}),
                strftime('%Y-%m-%dT%H:%M:%fZ', '2026-12-01', '+' || i || ' minutes') from n`,
      );
      counted(
        size.checkpoints,
        `insert into evaluations (id, run_id, checkpoint, step, identity, prompt_set, metric, kind, score, low, high, samples,
                                  prompts, missing, answers, comparisons, recorded_at)
         select '${run}/' || ${name} || '/a1', '${run}', ${name}, i * ${every}, ${name} || '-00000001', '${'e'.repeat(64)}',
                'exact_match', 'scored', i * 1.0 / ${size.checkpoints}, 0.1, 0.9, ${size.prompts}, ${size.prompts}, 0, 'answers-' || i,
                '{"overBaseline":{"reference":"step-000001-g1","mean":0.1,"pairs":256,"low":0.05,"high":0.15}}',
                strftime('%Y-%m-%dT%H:%M:%fZ', '2026-12-01', '+' || i || ' minutes') from n`,
      );
      counted(
        size.checkpoints,
        `insert into verdicts (run_id, checkpoint, kind, reason, decided_at, seq)
         select '${run}', ${name}, 'continue', 'exact_match ' || i || ' is a gain', '2026-12-01T00:00:00.000Z', i from n`,
      );
      counted(
        size.checkpoints,
        `insert into syncs (run_id, identity, replicas, seconds, confirmed_at)
         select '${run}', ${name} || '-00000001', 1, 2.5, '2026-12-01T00:00:00.000Z' from n`,
      );
      counted(
        3 * size.checkpoints,
        `insert into events (run_id, key, at, phase, level, message)
         select '${run}', 'event/' || i, '2026-12-01T00:00:00.000Z', 'train', 'info', 'checkpoint ' || i || ' was saved' from n`,
      );
    }
    counted(
      size.checkpoints * size.prompts,
      `insert into samples (evaluation_id, prompt_index, sample_index, prompt_hash, prompt_tokens, kind, tokens, text,
                            finish_reason, mean_logprob, score, latency_ms, served_identity)
       select '${LONG}/step-' || ((i - 1) / ${size.prompts} + 1) || '/a1', (i - 1) % ${size.prompts}, 0, printf('%064x', i), 7, 'produced',
              '[5,6,7,8]', 'S P EH L', 'stop', -0.25, 1, 12.5, 'step' from n`,
    );
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}
