/** An afterword: what the store has not been told of a run that is over, because it was away. */
import type { PromotionRequest } from './promotion.ts';
import type { RecordMark, RunFacts, RunRecord } from './run.ts';

export const AFTERWORD_WORKFLOW_TYPE = 'afterword';

export function afterwordId(runId: string): string {
  return `${runId}-afterword`;
}

export interface AfterwordInput {
  readonly runId: string;
  readonly facts: readonly RunRecord[];
  /** Told to a store that was lost meanwhile, or replaced by an older copy. */
  readonly held: RunFacts;
  /** How many records the run asked for, and up to which one the store had them. */
  readonly mark: RecordMark;
  /** Asked for once everything is written. */
  readonly promotion?: PromotionRequest;
}

export type AfterwordWorkflow = (input: AfterwordInput) => Promise<void>;
