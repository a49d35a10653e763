/** What recording a step costs, in time and on disk, beside the same rows in a bare table as it was before thousands were kept. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { openStore } from '../../store/index.ts';
import { median } from '../statistics.ts';

export interface StepCost {
  /** Microseconds a step, medians of interleaved rounds. */
  readonly bareUs: number;
  readonly pawlUs: number;
  readonly bareBytes: number;
  readonly pawlBytes: number;
}

const STEPS = 10_000;
const RUN = 'run-00000001';

export async function measureStepCost(folder: string, { rounds }: { rounds: number }): Promise<StepCost> {
  const [barePath, path] = [join(folder, 'bare.db'), join(folder, 'steps.db')];
  const store = await openStore({ path });
  await store.saveRun({ runId: RUN, name: 'run', spec: {} as never, createdAt: '' });
  const bare = new Database(barePath);
  bare.exec(`
    pragma journal_mode = WAL; pragma synchronous = NORMAL;
    create table step_metrics (run_id text not null, step integer not null, generation integer not null, loss_mean double precision not null,
      learning_rate double precision not null, tokens integer not null, seconds double precision not null, metrics text,
      primary key (run_id, step))`);
  const before = [statSync(barePath).size, statSync(path).size] as const;
  const times: { bare: number; pawl: number }[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const rows = Array.from({ length: STEPS }, (_, index) => {
        const step = round * STEPS + index + 1;
        const metrics = { grad_norm: Math.sin(step), 'loss:sum': Math.cos(step) };
        return {
          step,
          generation: 1,
          lossMean: 1 + Math.sin(step) / 2,
          learningRate: 1e-3,
          tokens: 2_048,
          seconds: 0.05 + 1 / step,
          metrics,
        };
      });
      const insert = bare.prepare('insert into step_metrics values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing');
      const bareFrom = performance.now();
      for (const { step, generation, lossMean, learningRate, tokens, seconds, metrics } of rows) {
        insert.run([RUN, step, generation, lossMean, learningRate, tokens, seconds, JSON.stringify(metrics)]);
      }
      const pawlFrom = performance.now();
      for (const row of rows) await store.recordSteps(RUN, [row]);
      times.push({ bare: pawlFrom - bareFrom, pawl: performance.now() - pawlFrom });
    }
  } finally {
    bare.exec('pragma wal_checkpoint(truncate)');
    bare.close();
    await store.close();
  }
  const perStep = (ms: readonly number[]): number => (1_000 * median(ms)) / STEPS;
  return {
    bareUs: perStep(times.map((time) => time.bare)),
    pawlUs: perStep(times.map((time) => time.pawl)),
    bareBytes: (statSync(barePath).size - before[0]) / (STEPS * rounds),
    pawlBytes: (statSync(path).size - before[1]) / (STEPS * rounds),
  };
}
