/** How a sweep's winner is chosen: the best are asked again, on prompts that no trial was chosen by, and one is promoted. */
import type { PromotionState } from './promotion.ts';
import type { AppraisalInput } from './serving.ts';

/** The best of a sweep: of equals, the older. */
export interface BestTrial {
  readonly number: number;
  readonly runId: string;
  readonly checkpoint: string;
  readonly step: number;
  readonly score: number;
}

/** One of the best by the scores that trials were chosen by, and how it is asked again. */
export interface Finalist extends BestTrial {
  /** Absent: nobody is asked again. */
  readonly appraisal?: AppraisalInput;
}

/** What a trial scored on prompts that no trial was chosen by. */
export interface ConfirmedScore {
  readonly checkpoint: string;
  readonly step: number;
  /** Id of the evaluation. */
  readonly evaluation: string;
  readonly score: number;
  readonly low: number;
  readonly high: number;
  readonly prompts?: number;
}

export type Confirmation = { readonly kind: 'scored'; readonly scored: ConfirmedScore } | UnconfirmedTrial;

/** It could not be asked again: it does not win. */
interface UnconfirmedTrial {
  readonly kind: 'failed';
  readonly checkpoint: string;
  readonly step: number;
  readonly reason: string;
}

/** `score` is the one that it was chosen by at first. */
export interface Winner extends BestTrial {
  readonly confirmed?: ConfirmedScore;
}

/** What became of the winner's promotion, as far as the sweep waited for it. */
export interface SweepPromotion {
  readonly promotionId: string;
  readonly alias: string;
  readonly state: PromotionState;
  readonly reason?: string;
}
