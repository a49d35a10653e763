/** Trainer jobs: created under an id planned ahead, adopted if already there, never created twice. */
import { z } from 'zod';
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import type { TrainerRequest, TrainerStatus } from '../../ports.ts';
import { checkpointRows, type CheckpointRow } from './checkpoint-rows.ts';
import { Anything, controlCall, detailOf, Int, Spoken, Timestamp, unlessStatus } from './control-call.ts';
import { fromOutside } from '../../../domain/words/outside-text.ts';
import { pages } from './pages.ts';
import { pollFor } from './poll.ts';
import { promote, type Promotion, type PromotedModel } from './promotion.ts';
import { requireGone } from './read-back.ts';
import { NEVER } from './sleep.ts';
import { canResume, endsWait, trainerPhase } from './trainer-state.ts';
import { trainerName, type Wire } from './wire.ts';

/** Without its name and state it is no row, and says nothing: not even that there is no such trainer. */
const JobRow = Spoken.extend({
  name: z.string().min(1),
  state: z.string().min(1),
  createTime: Timestamp,
  displayName: z.string().optional().catch(undefined),
  forwardOnly: z.boolean().default(false),
  trainingConfig: z
    .object({ baseModel: z.string().optional(), loraRank: Int.default(0), maxContextLength: Int.optional() })
    .optional(),
});
type JobRow = z.output<typeof JobRow>;

const JobList = z.object({
  rlorTrainerJobs: z.array(JobRow).default([]),
  nextPageToken: z.string().default(''),
});

/** A trainer to rent. Documented by the platform; times in seconds. */
export interface TrainerJobRequest extends Omit<TrainerRequest, 'shape' | 'displayName' | 'learningRate'> {
  /** Shape, or an exact version of it. Absent: the platform chooses by model, rank, context and region. */
  readonly shape?: string;
  readonly displayName?: string;
  /** Informational: the rate that counts goes with each `optimStep`. */
  readonly learningRate?: number;
  /** A frozen reference, which can only `forward`. */
  readonly forwardOnly?: boolean;
  /** Only without a shape. */
  readonly maxContextTokens?: number;
  readonly region?: string;
  /** Data-parallel replicas. */
  readonly trainerReplicas?: number;
  /** Stopped after this long without a request; at most three hours. */
  readonly inactivitySeconds?: number;
}

export interface TrainerJob extends TrainerStatus {
  readonly baseModel?: string;
  /** 0: full-parameter. */
  readonly loraRank: number;
  readonly maxContextTokens?: number;
  readonly forwardOnly: boolean;
  readonly createdAt?: Date;
  /** The name for people that it was created with. */
  readonly label?: string;
}

export interface WaitOptions {
  /** For capacity, from the start. Default: 48 hours. */
  readonly pendingTimeoutMs?: number;
  /** From the first look that finds it placed. Default: one hour. */
  readonly readyTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

const HOUR_MS = 3_600_000;

/** Rents, finds, waits for and returns trainers; reads and promotes what they saved. Errors are `BackendError`s. */
export class TrainerJobs {
  readonly #wire: Wire;
  readonly #healthy: (id: string, signal: AbortSignal) => Promise<boolean>;

  /** Use `Fireworks.trainerJobs`. */
  constructor(wire: Wire, healthy: (id: string, signal: AbortSignal) => Promise<boolean>) {
    this.#wire = wire;
    this.#healthy = healthy;
  }

  /**
   * Creates the job, or adopts the one of that id if it has the same base model and rank. Fails with `InvalidRequest`
   * where it was created differently, or deleted: an id can never be used again.
   */
  async createOrGet(request: TrainerJobRequest, signal: AbortSignal = NEVER): Promise<TrainerJob> {
    const { settings, http } = this.#wire;
    const call = controlCall(settings, 'POST', `accounts/${await this.#wire.account(signal)}/rlorTrainerJobs`, {
      query: {
        ...(request.shape === undefined ? {} : { trainingShape: request.shape }),
        rlorTrainerJobId: request.id,
      },
      body: trainerBody(request, request.inactivitySeconds ?? settings.inactivitySeconds),
    });
    const row = await unlessStatus(409, http.send(call, JobRow, signal));
    return row === undefined ? this.#adopt(request, signal) : this.#jobOf(request.id, row);
  }

  /** `createOrGet`; a job that had ended is resumed; then `waitReady`. */
  async createAndWait(request: TrainerJobRequest, options: WaitOptions = {}): Promise<TrainerJob> {
    const job = await this.createOrGet(request, options.signal);
    if (canResume(job.state)) await this.resume(job.id, options.signal);
    return this.waitReady(job.id, options);
  }

  async get(id: string, signal: AbortSignal = NEVER): Promise<TrainerJob | undefined> {
    const call = controlCall(this.#wire.settings, 'GET', await this.#path(id, signal));
    const row = await unlessStatus(404, this.#wire.http.send(call, JobRow, signal));
    return row === undefined ? undefined : this.#jobOf(id, row);
  }

  /** Jobs of the account, page after page; deleted ones are left out by the platform. */
  async *list(
    options: { readonly filter?: string; readonly orderBy?: string; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<TrainerJob> {
    const { signal = NEVER, filter, orderBy } = options;
    const path = `accounts/${await this.#wire.account(signal)}/rlorTrainerJobs`;
    const query = { ...(filter === undefined ? {} : { filter }), ...(orderBy === undefined ? {} : { orderBy }) };
    for await (const page of pages(this.#wire, path, query, JobList, signal)) {
      for (const row of page.rlorTrainerJobs) yield this.#jobOf(row.name.split('/').at(-1) ?? '', row);
    }
  }

  /** Starts an ended job's process again, empty: sessions, models and sequences are gone, checkpoints are not. */
  async resume(id: string, signal: AbortSignal = NEVER): Promise<void> {
    await this.#act(id, 'resume', signal);
  }

  /** Stops the job; its row and checkpoints stay. */
  async cancel(id: string, signal: AbortSignal = NEVER): Promise<void> {
    await this.#act(id, 'cancel', signal);
  }

  /**
   * Idempotent. Row and checkpoints outlive the job by 30 days, and can be promoted; the id cannot be used again. Fails with
   * `Unavailable` where the platform agreed and the job goes on.
   */
  async delete(id: string, signal: AbortSignal = NEVER): Promise<void> {
    const call = controlCall(this.#wire.settings, 'DELETE', await this.#path(id, signal));
    if ((await unlessStatus(404, this.#wire.http.send(call, Anything, signal))) === undefined) return;
    await requireGone(this.#wire, `trainer ${id}`, signal, async () => {
      const job = await this.get(id, signal);
      return job === undefined || job.phase === 'ended' || job.phase === 'deleted' ? undefined : job.state;
    });
  }

  /** Resolves when the job runs and its process answers; fails with `LostTrainer` if it never will, or in time. */
  async waitReady(id: string, options: WaitOptions = {}): Promise<TrainerJob> {
    const { pendingTimeoutMs = 48 * HOUR_MS, readyTimeoutMs = HOUR_MS, signal = NEVER } = options;
    const { polls } = this.#wire.settings;
    let last: TrainerJob | undefined;
    let placedAtMs: number | undefined;
    const ready = await pollFor(
      polls.trainer,
      pendingTimeoutMs + readyTimeoutMs,
      async (waitedMs) => {
        last = await this.get(id, signal);
        if (last === undefined || endsWait(last)) throw notComing(id, last);
        // Just after a `:resume` the old state may still show.
        if (last.phase === 'ended' && waitedMs >= polls.endedGraceMs) throw notComing(id, last);
        if (last.phase === 'running' && (await this.#healthy(id, signal))) return last;
        if (last.phase !== 'waiting-for-capacity') placedAtMs ??= waitedMs;
        const since = placedAtMs === undefined ? pendingTimeoutMs : placedAtMs + readyTimeoutMs;
        if (waitedMs >= since) throw notInTime(id, last);
        return undefined;
      },
      signal,
    );
    if (ready === undefined) throw notInTime(id, last);
    return ready;
  }

  /**
   * Brings a job back whose process was lost: resumes it if it ended, and waits. Whatever spoke to the old process must
   * open a new session and model, and load saved state.
   */
  async reconnect(
    id: string,
    options: { readonly stuckTimeoutMs?: number; readonly readyTimeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<TrainerJob> {
    const { stuckTimeoutMs = 120_000, readyTimeoutMs = 600_000, signal = NEVER } = options;
    let last: TrainerJob | undefined;
    const found = await pollFor(
      this.#wire.settings.polls.reconnect,
      stuckTimeoutMs,
      async () => {
        last = await this.get(id, signal);
        if (last === undefined || last.phase === 'deleted') throw notComing(id, last);
        if (canResume(last.state)) await this.resume(id, signal);
        return last.phase === 'running' || canResume(last.state) ? last : undefined;
      },
      signal,
    );
    if (found === undefined) throw notComing(id, last);
    return this.waitReady(id, { pendingTimeoutMs: readyTimeoutMs, readyTimeoutMs, signal });
  }

  /** What the job saved, oldest first. A row appears a while after the trainer's save returned. */
  async listCheckpoints(id: string, signal: AbortSignal = NEVER): Promise<readonly CheckpointRow[]> {
    return checkpointRows(this.#wire, await this.#path(id, signal), signal);
  }

  /** Makes a model of a promotable checkpoint; waits for the platform to have copied it. */
  async promoteCheckpoint(
    promotion: Promotion,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<PromotedModel> {
    return promote(this.#wire, promotion, { timeoutMs: options.timeoutMs ?? 2 * HOUR_MS }, options.signal ?? NEVER);
  }

  async #path(id: string, signal: AbortSignal): Promise<string> {
    return trainerName(await this.#wire.account(signal), id);
  }

  async #act(id: string, verb: 'resume' | 'cancel', signal: AbortSignal): Promise<void> {
    const call = controlCall(this.#wire.settings, 'POST', `${await this.#path(id, signal)}:${verb}`);
    await this.#wire.http.send(call, Anything, signal);
  }

  async #adopt(request: TrainerJobRequest, signal: AbortSignal): Promise<TrainerJob> {
    const job = await this.get(request.id, signal);
    if (job === undefined) {
      throw new BackendError('Unavailable', `trainer ${request.id} exists and does not exist: the platform disagrees`);
    }
    if (job.phase === 'deleted') {
      throw new BackendError(
        'InvalidRequest',
        `trainer ${request.id} was deleted (${job.state}) and its id can never be used again: start a new run`,
        { status: 409 },
      );
    }
    if (job.baseModel === undefined) {
      throw new BackendError(
        'Unavailable',
        `trainer ${request.id} exists, and the platform does not say of which model`,
      );
    }
    if (job.baseModel !== request.baseModel || job.loraRank !== request.loraRank) {
      throw new BackendError(
        'InvalidRequest',
        `trainer ${request.id} exists with another configuration (${job.baseModel}, LoRA rank ` +
          `${job.loraRank}; asked for ${request.baseModel}, ${request.loraRank}): start a new run, or delete that trainer`,
        { status: 409 },
      );
    }
    return job;
  }

  #jobOf(id: string, row: JobRow): TrainerJob {
    const detail = detailOf(row);
    const { baseModel, loraRank = 0, maxContextLength } = row.trainingConfig ?? {};
    return {
      id,
      state: row.state,
      phase: trainerPhase(row.state),
      loraRank,
      forwardOnly: row.forwardOnly,
      ...(baseModel === undefined ? {} : { baseModel }),
      ...(maxContextLength === undefined ? {} : { maxContextTokens: maxContextLength }),
      ...(row.createTime === undefined ? {} : { createdAt: row.createTime }),
      ...(row.displayName ? { label: fromOutside(row.displayName, this.#wire.http.redact) } : {}),
      ...(detail === undefined ? {} : { detail: fromOutside(detail, this.#wire.http.redact) }),
    };
  }
}

function trainerBody(request: TrainerJobRequest, inactivitySeconds: number): object {
  return {
    serviceMode: true,
    keepAlive: false,
    dataset: '',
    trainingConfig: {
      baseModel: request.baseModel,
      loraRank: request.loraRank,
      learningRate: request.learningRate ?? 1e-5,
      maxContextLength: request.maxContextTokens,
      region: request.region,
    },
    trainerReplicaCount: request.trainerReplicas,
    useReservation: true,
    // The platform refuses 64 characters and more.
    displayName: (request.displayName ?? request.id).slice(0, 63),
    forwardOnly: request.forwardOnly === true ? true : undefined,
    inactivityTimeout: `${inactivitySeconds}s`,
  };
}

function notComing(id: string, job: TrainerJob | undefined): BackendError {
  const state = job === undefined ? 'it does not exist' : `its state is ${job.state}`;
  const detail = job?.detail === undefined ? '' : `: ${job.detail}`;
  return new BackendError('LostTrainer', `trainer ${id} will not become ready, ${state}${detail}`);
}

function notInTime(id: string, job: TrainerJob | undefined): BackendError {
  return new BackendError('Unavailable', `trainer ${id} is not ready in time, its state is ${job?.state ?? 'unknown'}`);
}
