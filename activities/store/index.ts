/** What other folders may use of the store. */
export { PawlError } from '../errors.ts';
export { openStore } from './open.ts';
export type {
  ConfirmedSync,
  EvaluationRecord,
  EventLevel,
  MissingSample,
  NewRun,
  NewRunEvent,
  ProducedSample,
  PromptSetRecord,
  RunEvent,
  RunUpdate,
  SampleRecord,
  ScoredEvaluation,
  Store,
  StoreReader,
  StoredCheckpoint,
  StoredRun,
  VoidEvaluation,
} from './store.ts';
