/** The language everyone else speaks, by name: runs first (`run-contracts.ts`), then what is built on them. */
export type {
  Activities,
  Checkpoint,
  CheckpointReport,
  Connection,
  FailureType,
  Phase,
  Plan,
  Release,
  ResolvedShape,
  Rewind,
  RunInput,
  RunOutcome,
  RunRecord,
  RunReport,
  RunStatus,
  SnapshotType,
  StepMetrics,
  SyncResult,
  Target,
  Verdict,
  VerdictKind,
  WindowInput,
  WindowResult,
} from './run-contracts.ts';

export { NEW_CHAIN, planSnapshot, snapshotConfirmed, snapshotRequested, type ChainState } from './chain.ts';
export {
  parentAt,
  type BranchActivities,
  type BranchChoice,
  type BranchesStatus,
  type BranchPoint,
  type PlannedBranch,
  type Parent,
  type SpecChange,
  type TriedBranch,
} from './branch-contracts.ts';
export type { Evaluation, EvaluationInput, EvaluationOutcome, PinnedSuite, Sampling } from './evaluation-contracts.ts';
export { changeText, fieldChanges, valueText, withSettings, type Settings } from './spec-changes.ts';
export { GraderSpec, isLikelihood, metricOf } from './grader-spec.ts';
export { judgeBudget, speaksOfBudget, type Used } from './budget.ts';
export { decideOn } from './policy.ts';
export { best as bestEvaluation, branchPoint, judgedEvaluations } from './policy-scores.ts';
export {
  GC_WORKFLOW_TYPE,
  gcWorkflowId,
  type GcActivities,
  type GcInput,
  type GcReport,
  type KeptArtifact,
  type KeptCheckpoint,
  type Listing,
  type UnreachableArtifact,
  type UnreachableSamples,
} from './gc-contracts.ts';
export {
  APPRAISE_WORKFLOW_TYPE,
  BISECT_WORKFLOW_TYPE,
  ROLLBACK_WORKFLOW_TYPE,
  rollbackWorkflowId,
  type Appraisal,
  type AppraisalInput,
  type AppraisedSuite,
  type BisectInput,
  type BisectReport,
  type CheckpointOf,
  type Probe,
  type ProbeStanding,
  type RollbackInput,
  type RollbackReport,
  type ScoreDifference,
  type ServingActivities,
  type Standing,
} from './serving-contracts.ts';
export { chainTo, snapshotTrainer } from './snapshot-chain.ts';
export { RunSpec } from './spec.ts';
export { firstBadStep, stepsLookedBack } from './step-rules.ts';
export { suiteMetric, type SuiteSpec } from './suite-spec.ts';
export { comparable, dueSuites, promptsAsked, suiteOf, type EvaluatedSuite } from './suites.ts';
export {
  branchesId,
  DEFAULT_TASK_QUEUE,
  isFinalCheckpoint,
  MAIN_SUITE,
  RUN_TASK_TIMEOUT,
  RUN_WORKFLOW_TYPE,
} from './names.ts';
export {
  ADD_PROMPTS_WORKFLOW_TYPE,
  ALIAS_PROMPTS_WORKFLOW_TYPE,
  PROMPTS_ALIAS,
  promptsReference,
  type AddedPrompts,
  type AddPromptsInput,
  type AliasedPrompts,
  type AliasPromptsInput,
  type PromptActivities,
  type PromptsReference,
} from './prompt-contracts.ts';
export {
  aliasWorkflowId,
  isSettled,
  PROMOTION_ALIAS,
  promotionId,
  PROMOTIONS_WORKFLOW_TYPE,
  type AliasRequest,
  type Examination,
  type ExaminedSuite,
  type Gate,
  type GateSuite,
  type PromotionActivities,
  type PromotionDecision,
  type PromotionFacts,
  type PromotionOrder,
  type PromotionRequest,
  type PromotionState,
  type SuiteComparison,
} from './promotion-contracts.ts';
export { PromotionSpec } from './promotion-spec.ts';
export { RECONCILE_WORKFLOW_TYPE, reconcileScheduleId } from './reconcile-contracts.ts';
export type { Orphan, ReconcileActivities, ReconcileInput, ReconcileReport } from './reconcile-contracts.ts';
