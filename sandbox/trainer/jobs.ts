/** Trainer jobs: their records, and the processes behind those that run. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Dialect } from '../dialect.ts';
import { ApiError, notFound, quotaExceeded } from '../errors.ts';
import { readJsonFolder } from '../files.ts';
import type { Models } from '../promotion/models.ts';
import { StateFiles } from '../state-files.ts';
import {
  isRented,
  isStarting,
  JobRecord,
  type CheckpointRow,
  type CheckpointType,
  type JobState,
} from './job-record.ts';
import type { Compute } from './messages.ts';
import { TrainerRuntime } from './runtime.ts';

/** How long a deleted job's checkpoints are kept. */
const RETENTION_MS = 30 * 24 * 3_600_000;
const DEFAULT_INACTIVITY_MS = 3_600_000;
const SWEEP_MS = 250;

export interface JobsOptions {
  readonly stateFolder: string;
  readonly seed: string;
  readonly models: Models;
  /** How long a trainer takes to start, at least. */
  readonly startupMs: number;
  /** How long a poll of an unfinished request is held. */
  readonly holdMs: number;
  readonly sessionMs: number;
  readonly deduplicate: boolean;
  /** How long a request waits for a number before its own. */
  readonly gapMs: number;
  readonly dialect: Dialect;
  readonly stepMs: number;
  readonly passMs: number;
  readonly compute: Compute;
  /** Trainers that may be rented at a time; more are refused. */
  readonly quota?: number;
  /** Trainers that there is room for; more wait in PENDING. */
  readonly capacity?: number;
  readonly log: Logger;
}

export type NewJob = Pick<
  JobRecord,
  | 'id'
  | 'displayName'
  | 'trainingShape'
  | 'baseModel'
  | 'architecture'
  | 'loraRank'
  | 'forwardOnly'
  | 'learningRate'
  | 'inactivityTimeout'
>;

export class TrainerJobs {
  readonly #options: JobsOptions;
  readonly #files: StateFiles;
  readonly #records = new Map<string, JobRecord>();
  readonly #runtimes = new Map<string, TrainerRuntime>();
  /** The start that counts, by job: a job may be cancelled and resumed while an earlier one is under way. */
  readonly #starts = new Map<string, symbol>();
  readonly #sweeper: NodeJS.Timeout;
  /** How long the next start waits for capacity, whatever there is. */
  #nextPendingMs = 0;

  constructor(options: JobsOptions) {
    this.#options = options;
    const folder = join(options.stateFolder, 'jobs');
    this.#files = new StateFiles(folder, options.log);
    for (const record of readJsonFolder(folder, JobRecord)) {
      this.#records.set(record.id, record);
      // Its process died with the sandbox that ran it; `:resume` starts an empty one.
      if (isRented(record.state)) this.#fail(record, 'the trainer process was lost when the platform restarted');
    }
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  create(job: NewJob): JobRecord {
    if (this.#records.has(job.id)) {
      throw new ApiError('ALREADY_EXISTS', `rlor trainer job ID "${job.id}" already exists`);
    }
    this.#checkQuota();
    const record: JobRecord = {
      ...job,
      state: 'JOB_STATE_CREATING',
      createTime: new Date().toISOString(),
      status: { code: 'OK', message: '' },
      checkpoints: [],
    };
    this.#files.write(record.id, record);
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

  /** Ids of all that there ever were, whatever became of them. */
  made(): readonly string[] {
    return [...this.#records.keys()];
  }

  resume(id: string): JobRecord {
    const record = this.get(id);
    if (record.state === 'JOB_STATE_DELETED') throw refusedIn('resume', record.state);
    if (isRented(record.state) && record.state !== 'JOB_STATE_CANCELLING') return record;
    this.#checkQuota();
    delete record.completedTime;
    this.#set(record, 'JOB_STATE_CREATING');
    this.#start(record);
    return record;
  }

  /** Returns at once, in state CANCELLING; the process is gone when it is CANCELLED. */
  cancel(id: string): JobRecord {
    const record = this.get(id);
    if (!isRented(record.state) || record.state === 'JOB_STATE_CANCELLING') throw refusedIn('cancel', record.state);
    this.#set(record, 'JOB_STATE_CANCELLING');
    void this.#finishCancel(record);
    return record;
  }

  /** The row and its checkpoints stay; a second delete changes nothing. */
  async delete(id: string): Promise<void> {
    const record = this.get(id);
    if (record.state === 'JOB_STATE_DELETED') return;
    this.#end(record, 'JOB_STATE_DELETED');
    await this.#kill(id);
  }

  /** The live trainer of a job, now heard of. One that is still starting is worth waiting for; one that ended is not. */
  runtime(id: string): TrainerRuntime {
    const record = this.get(id);
    const runtime = this.#runtimes.get(id);
    if (runtime?.alive === true && record.state === 'JOB_STATE_RUNNING') {
      runtime.touch();
      return runtime;
    }
    if (isStarting(record.state)) throw new ApiError('UNAVAILABLE', `the trainer of job "${id}" is starting`);
    throw notFound(`a running trainer of job "${id}" (${record.state})`);
  }

  /** Process ids of live trainers, by job. */
  processes(): Record<string, number> {
    const entries = [...this.#runtimes].flatMap(([id, { pid }]) => (pid === undefined ? [] : [[id, pid] as const]));
    return Object.fromEntries(entries);
  }

  /** The newest row, in the place of any of that name. */
  addCheckpoint(id: string, name: string, checkpointType: CheckpointType, promotable: boolean): void {
    const record = this.get(id);
    const row: CheckpointRow = { name, createTime: new Date().toISOString(), checkpointType, promotable };
    const checkpoints = [...record.checkpoints.filter((known) => known.name !== name), row];
    this.#files.write(id, { ...record, checkpoints });
    record.checkpoints = checkpoints;
  }

  bucket(id: string): string {
    return join(this.#options.stateFolder, 'buckets', id);
  }

  /** Takes the job's process away, as a machine that is needed elsewhere: the job fails, and `:resume` works. */
  async preempt(id: string): Promise<void> {
    const record = this.get(id);
    if (!this.#runtimes.has(id)) return;
    await this.#kill(id);
    this.#fail(record, 'the trainer was preempted');
  }

  /** Every session of the job's trainer is over. */
  expireSessions(id: string): void {
    this.#runtimes.get(id)?.sessions.expireAll();
  }

  /** Ends a running job as its time being up. */
  async expire(id: string): Promise<void> {
    const record = this.get(id);
    if (!isRented(record.state)) return;
    this.#end(record, 'JOB_STATE_EXPIRED');
    await this.#kill(id);
  }

  /** Lets the next start wait for capacity this long. */
  delayNextStart(milliseconds: number): void {
    this.#nextPendingMs = milliseconds;
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    await Promise.all([...this.#runtimes.keys()].map((id) => this.#kill(id)));
    this.#files.close();
  }

  #checkQuota(): void {
    const { quota } = this.#options;
    const rented = this.list().filter(({ state }) => isRented(state)).length;
    if (quota !== undefined && rented >= quota) throw quotaExceeded('TRAINER_QUOTA_EXCEEDED', 'trainers', quota);
  }

  #start(record: JobRecord): void {
    const start = Symbol(record.id);
    this.#starts.set(record.id, start);
    const isCurrent = (): boolean => this.#starts.get(record.id) === start && isStarting(record.state);
    void this.#launch(record, isCurrent).catch((error: unknown) => {
      if (isCurrent()) this.#fail(record, error instanceof Error ? error.message : String(error));
    });
  }

  async #launch(record: JobRecord, isCurrent: () => boolean): Promise<void> {
    const provisioned = pause(this.#options.startupMs);
    if (!(await this.#placed(record, isCurrent))) return;
    const runtime = await this.#startRuntime(record);
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

  /** Waits in PENDING until there is room; whether the start still counts then. */
  async #placed(record: JobRecord, isCurrent: () => boolean): Promise<boolean> {
    const until = Date.now() + this.#nextPendingMs;
    this.#nextPendingMs = 0;
    while (isCurrent() && (Date.now() < until || this.#isFull(record))) {
      if (record.state !== 'JOB_STATE_PENDING') this.#set(record, 'JOB_STATE_PENDING');
      await pause(20);
    }
    if (isCurrent() && record.state === 'JOB_STATE_PENDING') this.#set(record, 'JOB_STATE_CREATING');
    return isCurrent();
  }

  #isFull(record: JobRecord): boolean {
    const { capacity } = this.#options;
    if (capacity === undefined) return false;
    const placed = this.list().filter(
      ({ id, state }) => id !== record.id && isRented(state) && state !== 'JOB_STATE_PENDING',
    );
    return placed.length >= capacity;
  }

  async #startRuntime(record: JobRecord): Promise<TrainerRuntime> {
    const { seed, models, holdMs, sessionMs, deduplicate, gapMs, dialect, stepMs, passMs, compute } = this.#options;
    const baseModel = models.base(record.baseModel);
    if (baseModel === undefined) throw new Error(`base model "${record.baseModel}" is not offered any more`);
    const runtime: TrainerRuntime = await TrainerRuntime.start({
      job: record.id,
      baseModel,
      loraRank: record.loraRank,
      forwardOnly: record.forwardOnly,
      bucket: this.bucket(record.id),
      seed: `${seed}/${record.baseModel}`,
      holdMs,
      sessionMs,
      deduplicate,
      gapMs,
      dialect,
      stepMs,
      passMs,
      compute,
      onExit: (reason) => this.#processEnded(record, runtime, reason),
    });
    return runtime;
  }

  #sweep(): void {
    for (const [id, runtime] of this.#runtimes) {
      runtime.sessions.sweep();
      const record = this.get(id);
      const limit = inactivityMs(record);
      if (record.state !== 'JOB_STATE_RUNNING' || runtime.idleMs <= limit) continue;
      this.#end(record, 'JOB_STATE_PAUSED');
      record.status = { code: 'OK', message: `stopped after ${limit / 1000} s without activity` };
      this.#files.keep(record.id, record);
      void this.#kill(id);
    }
    for (const record of this.#records.values()) if (isPastRetention(record)) this.#forgetCheckpoints(record);
  }

  /** The row stays: its id can never be used again. */
  #forgetCheckpoints(record: JobRecord): void {
    record.checkpoints = [];
    rmSync(this.bucket(record.id), { recursive: true, force: true });
    this.#files.keep(record.id, record);
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
    this.#files.keep(record.id, record);
  }

  async #finishCancel(record: JobRecord): Promise<void> {
    await this.#kill(record.id);
    // It may have been resumed meanwhile.
    if (record.state === 'JOB_STATE_CANCELLING') this.#end(record, 'JOB_STATE_CANCELLED');
  }

  async #kill(id: string): Promise<void> {
    const runtime = this.#runtimes.get(id);
    this.#runtimes.delete(id);
    await runtime?.stop();
  }
}

function inactivityMs({ inactivityTimeout }: JobRecord): number {
  return inactivityTimeout === undefined ? DEFAULT_INACTIVITY_MS : Number.parseFloat(inactivityTimeout) * 1000;
}

function isPastRetention({ state, completedTime, checkpoints }: JobRecord): boolean {
  if (state !== 'JOB_STATE_DELETED' || checkpoints.length === 0 || completedTime === undefined) return false;
  return Date.now() - Date.parse(completedTime) > RETENTION_MS;
}

function refusedIn(verb: string, state: JobState): ApiError {
  return new ApiError('FAILED_PRECONDITION', `cannot ${verb} job in state ${state}`);
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
