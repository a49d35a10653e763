/** A trainer job as it is stored: what outlives its process, its deletion and the sandbox itself. */
import { z } from 'zod';

const JobState = z.enum([
  'JOB_STATE_CREATING',
  'JOB_STATE_PENDING',
  'JOB_STATE_RUNNING',
  'JOB_STATE_PAUSED',
  'JOB_STATE_COMPLETED',
  'JOB_STATE_FAILED',
  'JOB_STATE_EXPIRED',
  'JOB_STATE_CANCELLING',
  'JOB_STATE_CANCELLED',
  'JOB_STATE_DELETED',
]);
export type JobState = z.output<typeof JobState>;

const CheckpointType = z.enum([
  'CHECKPOINT_TYPE_TRAINING',
  'CHECKPOINT_TYPE_TRAINING_LORA',
  'CHECKPOINT_TYPE_INFERENCE_BASE',
  'CHECKPOINT_TYPE_INFERENCE_LORA',
  'CHECKPOINT_TYPE_INFERENCE_ARC_V2',
]);
export type CheckpointType = z.output<typeof CheckpointType>;

const CheckpointRow = z.object({
  name: z.string(),
  createTime: z.string(),
  checkpointType: CheckpointType,
  promotable: z.boolean(),
});
export type CheckpointRow = z.output<typeof CheckpointRow>;

const StoredJob = z.object({
  id: z.string(),
  state: JobState,
  createTime: z.string(),
  completedTime: z.string().optional(),
  displayName: z.string(),
  trainingShape: z.string().optional(),
  baseModel: z.string(),
  /** Name of the catalog's model that the base model has the shape of; absent if that is itself. */
  architecture: z.string().optional(),
  loraRank: z.number(),
  forwardOnly: z.boolean().default(false),
  learningRate: z.number(),
  inactivityTimeout: z.string().optional(),
  status: z.object({ code: z.string(), message: z.string() }),
  checkpoints: z.array(CheckpointRow),
});
export const JobRecord = StoredJob.transform((job) => ({ ...job, architecture: job.architecture ?? job.baseModel }));
export type JobRecord = z.output<typeof JobRecord>;

/** States of a job that waits for capacity or for its process. */
export function isStarting(state: JobState): boolean {
  return state === 'JOB_STATE_CREATING' || state === 'JOB_STATE_PENDING';
}

/** States of a job that still costs money. */
export function isRented(state: JobState): boolean {
  return isStarting(state) || state === 'JOB_STATE_RUNNING' || state === 'JOB_STATE_CANCELLING';
}
