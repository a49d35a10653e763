/** pawl as a library: start, follow and stop runs from a program. */
export type {
  Comparison,
  PromotionEvent,
  RunEvent,
  StoredCheckpoint,
  StoredPromotion,
  StoredPromptSet,
  StoredRun,
} from '../store/index.ts';
export type { Branch, BranchRequest } from './lineage/branch.ts';
export type { RunDiff } from './lineage/run-diff.ts';
export type { LineageCheckpoint, LineageRun } from './lineage/lineage.ts';
export { readConfig, type ClientConfig } from './config.ts';
export { UnreachableError, UserError } from './errors.ts';
export { ExperimentError } from '../files/experiment/experiment-error.ts';
export { loadExperiment, type LoadOptions } from '../files/experiment/experiment-file.ts';
export { startStack, readStack, type Stack, type StackInfo, type StackOptions } from './local/stack.ts';
export type { AliasView, PromotionDetails, Promotions } from './promotion/promotions.ts';
export type { PromptSets } from './prompts/prompt-sets.ts';
export type { PolicyReplay } from './replay/replay-run.ts';
export type { RunChange } from './runs/run-changes.ts';
export type { Reproduction } from './serving/reproduction.ts';
export type { AnsweredPrompt, Samples, SamplesRequest } from './serving/samples.ts';
export type { Serving } from './serving/serving.ts';
export { storeFile } from './runs/run-store.ts';
export type { RunDetails, RunResult, RunSummary, RunView, Waiting } from './runs/run-view.ts';
export type { FollowOptions } from './runs/run-watch.ts';
export { Runs, type RunsOptions } from './runs/runs.ts';
export type { Submitted } from './runs/submission.ts';
export type { Appraisal, AppraisalInput, BisectReport, RollbackReport } from '../domain/words/serving.ts';
export type { GcReport } from '../domain/words/gc.ts';
export { RunSpec } from '../domain/spec/spec.ts';
