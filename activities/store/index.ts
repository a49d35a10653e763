/** What other folders may use of the store. */
export { PawlError } from '../errors.ts';
export { compareCheckpoints, compareEvaluations, type ComparedCheckpoint, type Comparison } from './compare.ts';
export { findPromptSet } from './find-prompt-set.ts';
export { openStore } from './open.ts';
export type { PromotionEvent, StoredPromotion } from './promotion-records.ts';
export { compareReproduction, type Reproduction } from './reproduction.ts';
export type { StoredAppraisal, StoredSamples } from './serving-records.ts';
export type {
  EvaluationSubject,
  EvaluationRecord,
  EventLevel,
  Lease,
  NewRun,
  ProducedSample,
  RunEvent,
  SampleRecord,
  ScoredEvaluation,
  Store,
  StoreReader,
  StoredCheckpoint,
  StoredLease,
  StoredPromptSet,
  StoredRewind,
  StoredRun,
} from './store.ts';
