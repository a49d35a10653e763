/** Trainer jobs: created under an id planned ahead, adopted if already there, never created twice. */
import { z } from 'zod';
import { BackendError } from '../../errors.ts';
import type { Provisioner, TrainerRequest, TrainerStatus } from '../../ports.ts';
import { Anything, controlCall, detailOf, Int, Spoken, unlessStatus } from './control-call.ts';
import { oneLine } from './failures.ts';
import { trainerName, type Wire } from './wire.ts';

const TrainerJob = Spoken.extend({
  state: z.string().default('JOB_STATE_UNSPECIFIED'),
  trainingConfig: z.object({ baseModel: z.string().optional(), loraRank: Int.default(0) }).optional(),
});
type TrainerJob = z.output<typeof TrainerJob>;

const PHASES: Readonly<Record<string, TrainerStatus['phase']>> = {
  JOB_STATE_PENDING: 'waiting-for-capacity',
  JOB_STATE_RUNNING: 'running',
  JOB_STATE_PAUSED: 'ended',
  JOB_STATE_EARLY_STOPPED: 'ended',
  JOB_STATE_COMPLETED: 'ended',
  JOB_STATE_FAILED: 'ended',
  JOB_STATE_EXPIRED: 'ended',
  JOB_STATE_CANCELLING: 'ended',
  JOB_STATE_CANCELLED: 'ended',
  JOB_STATE_DELETING: 'ended',
  JOB_STATE_DELETING_CLEANING_UP: 'ended',
  JOB_STATE_DELETED: 'deleted',
  JOB_STATE_ARCHIVED: 'deleted',
};

/** A state that a later platform adds is one on the way up, until it says otherwise. */
function trainerPhase(state: string): TrainerStatus['phase'] {
  return PHASES[state] ?? 'starting';
}

interface TrainerJobs {
  readonly create: Provisioner['createTrainer'];
  readonly get: Provisioner['getTrainer'];
  readonly delete: Provisioner['deleteTrainer'];
}

export function createTrainerJobs(wire: Wire): TrainerJobs {
  const { settings, http } = wire;

  async function find(id: string, signal: AbortSignal): Promise<TrainerJob | undefined> {
    const path = trainerName(await wire.account(signal), id);
    return unlessStatus(404, http.send(controlCall(settings, 'GET', path), TrainerJob, signal));
  }

  function statusOf(id: string, job: TrainerJob): TrainerStatus {
    const detail = detailOf(job);
    return {
      id,
      state: job.state,
      phase: trainerPhase(job.state),
      ...(detail === undefined ? {} : { detail: oneLine(http.redact(detail)) }),
    };
  }

  async function adopt(request: TrainerRequest, signal: AbortSignal): Promise<TrainerStatus> {
    const job = await find(request.id, signal);
    if (job === undefined) {
      throw new BackendError('Unavailable', `trainer ${request.id} exists and does not exist: the platform disagrees`);
    }
    const status = statusOf(request.id, job);
    if (status.phase === 'deleted') {
      throw new BackendError(
        'InvalidRequest',
        `trainer ${request.id} was deleted (${job.state}) and its id can never be used again: start a new run`,
        { status: 409 },
      );
    }
    const { baseModel, loraRank } = { loraRank: 0, ...job.trainingConfig };
    if (baseModel !== request.baseModel || loraRank !== request.loraRank) {
      throw new BackendError(
        'InvalidRequest',
        `trainer ${request.id} exists with another configuration (${baseModel ?? 'no base model'}, LoRA rank ${loraRank}; ` +
          `asked for ${request.baseModel}, ${request.loraRank}): start a new run, or delete that trainer`,
        { status: 409 },
      );
    }
    return status;
  }

  return {
    async create(request, signal) {
      const call = controlCall(settings, 'POST', `accounts/${await wire.account(signal)}/rlorTrainerJobs`, {
        query: { trainingShape: request.shape, rlorTrainerJobId: request.id },
        body: trainerBody(request, settings.inactivitySeconds),
      });
      const job = await unlessStatus(409, http.send(call, TrainerJob, signal));
      return job === undefined ? adopt(request, signal) : statusOf(request.id, job);
    },

    async get(id, signal) {
      const job = await find(id, signal);
      return job === undefined ? undefined : statusOf(id, job);
    },

    async delete(id, signal) {
      const path = trainerName(await wire.account(signal), id);
      await unlessStatus(404, http.send(controlCall(settings, 'DELETE', path), Anything, signal));
    },
  };
}

function trainerBody(request: TrainerRequest, inactivitySeconds: number): object {
  return {
    serviceMode: true,
    keepAlive: false,
    dataset: '',
    trainingConfig: {
      baseModel: request.baseModel,
      loraRank: request.loraRank,
      learningRate: request.learningRate,
    },
    useReservation: true,
    // The platform refuses 64 characters and more.
    displayName: request.displayName.slice(0, 63),
    inactivityTimeout: `${inactivitySeconds}s`,
  };
}
