/** What other folders may use of the store. */
export { PawlError } from '../domain/words/failures-of-calls.ts';
export { findPromptSet } from './rows/find-prompt-set.ts';
export { openStore, type StoreOptions } from './rows/open.ts';
export { StoreUnavailable } from './sqlite/failures.ts';
export type { Delivery, DeliveryOutcome, StoredAnnouncement } from './rows/announcement-records.ts';
export type { PromotionEvent, StoredPromotion } from './rows/promotion-records.ts';
export type { Endings, StoredAnswer } from './rows/answer-records.ts';
export type { StoredWorker } from './rows/worker-records.ts';
export type { SampledEvaluation, StoredAppraisal } from './rows/serving-records.ts';
export type {
  CheckpointPlace,
  Comparison,
  Comparisons,
  EvaluationSubject,
  EvaluationRecord,
  AccountedLease,
  Lease,
  ScoredEvaluation,
  SpanRequest,
  StepNumbers,
  StepSpan,
  StoredLease,
} from './rows/records.ts';
export type {
  EventLevel,
  NewRun,
  RunEvent,
  Store,
  StoreReader,
  StoredChange,
  StoredCheckpoint,
  StoredPromptSet,
  StoredRewind,
  StoredRun,
} from './rows/store.ts';
export type { ProducedSample, SampleRecord } from '../domain/words/samples.ts';
