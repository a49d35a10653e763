/** A deployment as it is stored. */
import { z } from 'zod';

const LoadStep = z.object({
  identity: z.string(),
  /** Present: a delta on top of this identity. */
  previous: z.string().optional(),
});
export type LoadStep = z.output<typeof LoadStep>;

const DeploymentState = z.enum(['CREATING', 'READY', 'UPDATING', 'FAILED', 'DELETED']);
type DeploymentState = z.output<typeof DeploymentState>;

export const DeploymentRecord = z.object({
  id: z.string(),
  state: DeploymentState,
  createTime: z.string(),
  baseModel: z.string(),
  description: z.string(),
  displayName: z.string(),
  minReplicaCount: z.number(),
  maxReplicaCount: z.number(),
  enableHotLoad: z.boolean(),
  forTraining: z.boolean(),
  hotLoadBucketType: z.string(),
  /** Id of the trainer job whose bucket is read. */
  hotLoadTrainerJob: z.string().optional(),
  hotLoadTransitionType: z.enum(['ASYNC', 'SYNC']),
  deploymentShape: z.string().optional(),
  acceleratorType: z.string().optional(),
  /** What a new replica loads, in order, to serve what the others serve: one base and the deltas after it. */
  chain: z.array(LoadStep),
  /** Set by a reset of the ledger, until a whole snapshot is loaded. */
  fullLoadNeeded: z.boolean().default(false),
});
export type DeploymentRecord = z.output<typeof DeploymentRecord>;
