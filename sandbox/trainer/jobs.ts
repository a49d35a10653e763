/** Trainer jobs: their records, and the processes behind those that run. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import { findBaseModel } from '../catalog.ts';
import { ApiError, notFound } from '../errors.ts';
import { readJsonFolder, writeJsonAtomic } from '../files.ts';
import { isRented, JobRecord, type CheckpointRow, type CheckpointType, type JobState } from './job-record.ts';
import { TrainerRuntime } from './runtime.ts';

export interface JobsOptions {
  readonly stateFolder: string;
  readonly seed: string;
  /** How long a trainer takes to start, at least. */
  readonly startupMs: number;
  /** How long a poll of an unfinished request is held. */
  readonly holdMs: number;
  readonly log: Logger;
}

export type NewJob = Pick<
  JobRecord,
  'id' | 'displayName' | 'trainingShape' | 'baseModel' | 'loraRank' | 'learningRate' | 'inactivityTimeout'
>;

export class TrainerJobs {
  readonly #options: JobsOptions;
  readonly #records = new Map<string, JobRecord>();
  readonly #runtimes = new Map<string, TrainerRuntime>();
  /** The start that counts, by job: a job may be cancelled and resumed while an earlier one is under way. */
  readonly #starts = new Map<string, symbol>();

  constructor(options: JobsOptions) {
    this.#options = options;
    for (const record of readJsonFolder(this.#folder(), JobRecord)) {
      this.#records.set(record.id, record);
      // Its process died with the sandbox that ran it; `:resume` starts an empty one.
      if (isRented(record.state)) this.#fail(record, 'the trainer process was lost when the platform restarted');
    }
  }

  create(job: NewJob): JobRecord {
    if (this.#records.has(job.id)) {
      throw new ApiError('ALREADY_EXISTS', `rlor trainer job ID "${job.id}" already exists`);
    }
    const record: JobRecord = {
      ...job,
      state: 'JOB_STATE_CREATING',
      createTime: new Date().toISOString(),
      status: { code: 'OK', message: '' },
      checkpoints: [],
    };
    this.#records.set(job.id, record);
    this.#start(record);
    return record;
  }

  get(id: string): JobRecord {
    const record = this.#records.get(id);
    if (record === undefined) throw notFound(`rlor trainer job "${id}"`);
    return record;
  }

  list(): JobRecord[] {
    return [...this.#records.values()].filter((record) => record.state !== 'JOB_STATE_DELETED');
  }

  resume(id: string): JobRecord {
    const record = this.get(id);
    if (isRented(record.state)) return record;
    if (record.state === 'JOB_STATE_DELETED') throw refusedIn('resume', record.state);
    this.#set(record, 'JOB_STATE_CREATING');
    delete record.completedTime;
    this.#start(record);
    return record;
  }

  async cancel(id: string): Promise<JobRecord> {
    const record = this.get(id);
    if (!isRented(record.state)) throw refusedIn('cancel', record.state);
    this.#end(record, 'JOB_STATE_CANCELLED');
    await this.#kill(id);
    return record;
  }

  /** The row and its checkpoints stay; a second delete changes nothing. */
  async delete(id: string): Promise<void> {
    const record = this.get(id);
    if (record.state === 'JOB_STATE_DELETED') return;
    this.#end(record, 'JOB_STATE_DELETED');
    await this.#kill(id);
  }

  /** The live trainer of a job. A job that is still starting is worth waiting for; one that ended is not. */
  runtime(id: string): TrainerRuntime {
    const record = this.get(id);
    const runtime = this.#runtimes.get(id);
    if (runtime?.alive === true && record.state === 'JOB_STATE_RUNNING') return runtime;
    if (isRented(record.state)) throw new ApiError('UNAVAILABLE', `the trainer of job "${id}" is starting`);
    throw notFound(`a running trainer of job "${id}" (${record.state})`);
  }

  /** Process ids of live trainers, by job. */
  processes(): Record<string, number> {
    const entries = [...this.#runtimes].flatMap(([id, { pid }]) => (pid === undefined ? [] : [[id, pid] as const]));
    return Object.fromEntries(entries);
  }

  addCheckpoint(id: string, name: string, checkpointType: CheckpointType, promotable: boolean): void {
    const record = this.get(id);
    const row: CheckpointRow = { name, createTime: new Date().toISOString(), checkpointType, promotable };
    record.checkpoints.push(row);
    this.#write(record);
  }

  bucket(id: string): string {
    return join(this.#options.stateFolder, 'buckets', id);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#runtimes.keys()].map((id) => this.#kill(id)));
  }

  #start(record: JobRecord): void {
    this.#write(record);
    const start = Symbol(record.id);
    this.#starts.set(record.id, start);
    const isCurrent = (): boolean => this.#starts.get(record.id) === start && record.state === 'JOB_STATE_CREATING';
    void this.#launch(record, isCurrent).catch((error: unknown) => {
      if (isCurrent()) this.#fail(record, error instanceof Error ? error.message : String(error));
    });
  }

  async #launch(record: JobRecord, isCurrent: () => boolean): Promise<void> {
    const { seed, startupMs, holdMs } = this.#options;
    const baseModel = findBaseModel(record.baseModel);
    if (baseModel === undefined) throw new Error(`base model "${record.baseModel}" is not offered any more`);
    const provisioned = new Promise((resolve) => setTimeout(resolve, startupMs));
    const runtime = await TrainerRuntime.start({
      job: record.id,
      baseModel,
      loraRank: record.loraRank,
      bucket: this.bucket(record.id),
      seed: `${seed}/${record.baseModel}`,
      holdMs,
      onExit: (reason) => this.#processEnded(record, runtime, reason),
    });
    await provisioned;
    if (!runtime.alive) throw new Error('the trainer process ended while it was starting');
    if (!isCurrent()) {
      await runtime.stop();
      return;
    }
    this.#runtimes.set(record.id, runtime);
    this.#set(record, 'JOB_STATE_RUNNING');
    this.#options.log.info({ job: record.id, pid: runtime.pid }, 'trainer runs');
  }

  #processEnded(record: JobRecord, runtime: TrainerRuntime, reason: string): void {
    if (this.#runtimes.get(record.id) !== runtime) return;
    this.#runtimes.delete(record.id);
    if (isRented(record.state)) this.#fail(record, `the trainer process ended: ${reason}`);
  }

  #fail(record: JobRecord, message: string): void {
    record.status = { code: 'INTERNAL', message };
    this.#end(record, 'JOB_STATE_FAILED');
    this.#options.log.warn({ job: record.id, message }, 'trainer failed');
  }

  #end(record: JobRecord, state: JobState): void {
    record.completedTime = new Date().toISOString();
    this.#set(record, state);
  }

  #set(record: JobRecord, state: JobState): void {
    record.state = state;
    if (state !== 'JOB_STATE_FAILED') record.status = { code: 'OK', message: '' };
    this.#write(record);
  }

  async #kill(id: string): Promise<void> {
    const runtime = this.#runtimes.get(id);
    this.#runtimes.delete(id);
    await runtime?.stop();
  }

  #write(record: JobRecord): void {
    writeJsonAtomic(join(this.#folder(), `${record.id}.json`), record);
  }

  #folder(): string {
    return join(this.#options.stateFolder, 'jobs');
  }
}

function refusedIn(verb: string, state: JobState): ApiError {
  return new ApiError('FAILED_PRECONDITION', `cannot ${verb} job in state ${state}`);
}
