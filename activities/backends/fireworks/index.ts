/** The platform as a library, and as the backend of a worker. */
export { BackendError, SyncFailedError } from '../../../domain/words/failures-of-calls.ts';
export * as objectives from '../../objectives/built-in.ts';
export type {
  AnalyticObjective,
  DifferentiableObjective,
  Objective,
  ObjectiveBatch,
  ObjectiveExample,
} from '../../objectives/objective.ts';
export type { AdamParams, Datum, ReplicaStatus } from '../../ports.ts';
export type { SampledSequence } from './alignment.ts';
export { createFireworksBackend } from './backend.ts';
export type { Alternative } from './completion-stream.ts';
export type { CheckpointKind, CheckpointRow } from './checkpoint-rows.ts';
export type { ConcurrencyOptions } from './concurrency.ts';
export type { InputChunk, LossDatum, TensorData, TrainingDatum } from './datum.ts';
export type { Deployment, RolloutDeployment } from './deployment-row.ts';
export { DeploymentSampler, type DeploymentSamplerOptions, type SampleOptions } from './deployment-sampler.ts';
export { Deployments } from './deployments.ts';
export { Fireworks, type TrainingClientOptions } from './fireworks.ts';
export type { Capabilities, Loss, LossName } from './losses.ts';
export type { TopTokens } from './pass-replies.ts';
export type { PromotedModel, Promotion } from './promotion.ts';
export type { FireworksConfig } from './settings.ts';
export type { ShapeQuery } from './shapes.ts';
export { retriesWithin } from './tables.ts';
export { TrainerJobs, type TrainerJob, type TrainerJobRequest, type WaitOptions } from './trainer-jobs.ts';
export type { LoraOptions, ModelInfo, OptimOptions, ServedModel, SnapshotRequest } from './trainer-requests.ts';
export { TrainingClient, type LossChoice } from './training-client.ts';
export { type CustomDatum, type PassResult, type Submitted } from './passes.ts';
export { WeightSync, type Synced, type WeightSyncOptions } from './weight-sync.ts';
