/** pawl as a library: start, follow and stop runs from a program. */
export type {
  ComparedCheckpoint,
  PromotionEvent,
  Reproduction,
  RunEvent,
  StoredCheckpoint,
  StoredPromotion,
  StoredPromptSet,
  StoredRun,
} from '../activities/store/index.ts';
export type { Branch, BranchRequest } from './branch.ts';
export type { RunDiff } from './run-diff.ts';
export type { LineageCheckpoint, LineageRun } from './lineage.ts';
export { readConfig, type ClientConfig } from './config.ts';
export { UnreachableError, UserError } from './errors.ts';
export { ExperimentError, loadExperiment, type LoadOptions } from './experiment-file.ts';
export { startStack, readStack, type Stack, type StackInfo, type StackOptions } from './local/stack.ts';
export type { AliasView, PromotionDetails, Promotions } from './promotions.ts';
export type { PromptSets } from './prompt-sets.ts';
export type { PolicyReplay } from './replay/replay-run.ts';
export type { RunChange } from './run-changes.ts';
export type { Serving } from './serving.ts';
export { storeFile } from './run-store.ts';
export type { RunDetails, RunResult, RunSummary, RunView, Waiting } from './run-view.ts';
export type { FollowOptions } from './run-watch.ts';
export { Runs, type RunsOptions } from './runs.ts';
export type { Appraisal, AppraisalInput, BisectReport, GcReport, RollbackReport } from '../workflows/contracts.ts';
export { RunSpec } from '../workflows/contracts.ts';
