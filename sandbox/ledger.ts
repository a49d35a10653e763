/** What every trainer has ever been made to do; outlives jobs and restarts, so that runs can be audited. */
import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFolder, writeJsonAtomic } from './files.ts';

const ModelLedger = z.object({
  modelId: z.string(),
  sessionId: z.string(),
  optimizerSteps: z.number(),
  forwardCalls: z.number(),
  forwardBackwardCalls: z.number(),
  datums: z.number(),
  tokens: z.number(),
  lastSeq: z.number(),
});
/** Totals of one model; only ever rise. */
export type ModelLedger = z.output<typeof ModelLedger>;

const JobLedger = z.object({ job: z.string(), models: z.array(ModelLedger) });
export type JobLedger = z.output<typeof JobLedger>;

export class Ledger {
  readonly #folder: string;
  readonly #jobs = new Map<string, JobLedger>();

  constructor(stateFolder: string) {
    this.#folder = join(stateFolder, 'ledger');
    for (const entry of readJsonFolder(this.#folder, JobLedger)) this.#jobs.set(entry.job, entry);
  }

  /** Starts the account of a new model. */
  open(job: string, modelId: string, sessionId: string): ModelLedger {
    const model = {
      modelId,
      sessionId,
      optimizerSteps: 0,
      forwardCalls: 0,
      forwardBackwardCalls: 0,
      datums: 0,
      tokens: 0,
      lastSeq: 0,
    };
    const entry = this.#jobs.get(job) ?? { job, models: [] };
    entry.models.push(model);
    this.#jobs.set(job, entry);
    this.write(job);
    return model;
  }

  /** Makes what was counted for a job durable. */
  write(job: string): void {
    const entry = this.#jobs.get(job);
    // Counted several times per step: a crash of the whole machine may cost the last of them.
    if (entry !== undefined) writeJsonAtomic(join(this.#folder, `${job}.json`), entry, false);
  }

  all(): readonly JobLedger[] {
    return [...this.#jobs.values()];
  }
}
