/** Promotions in the words of the domain: what workers write of them, and people read. */
import type { Announcement } from '../../domain/words/announcements.ts';
import type { Gate, PromotionFacts, PromotionRequest, PromotionState } from '../../domain/words/promotion.ts';

export interface StoredPromotion extends PromotionFacts {
  readonly id: string;
  readonly alias: string;
  readonly runId: string;
  readonly checkpoint: string;
  readonly state: PromotionState;
  /** The how-manieth champion of its alias it became. */
  readonly reign?: number;
  readonly gate: Gate;
  readonly askedBy: string;
  readonly askedAt: string;
}

export interface PromotionEvent {
  readonly promotionId: string;
  /** What happened: a state, `approved`, or `undo-refused/<request>`. */
  readonly event: string;
  readonly at: string;
  /** Absent: pawl itself. */
  readonly by?: string;
  readonly message?: string;
}

export interface PromotionReader {
  promotion(id: string): Promise<StoredPromotion | undefined>;
  /** Newest first. */
  promotions(options?: { alias?: string }): Promise<readonly StoredPromotion[]>;
  /** Every champion of an alias that was not undone: first the one it stands for, then those it would go back to. */
  champions(alias: string): Promise<readonly StoredPromotion[]>;
  /** In order of time. */
  promotionEvents(promotionId: string): Promise<readonly PromotionEvent[]>;
}

export interface PromotionWriter {
  /** Keyed by id: the first write stands. */
  savePromotion(request: PromotionRequest): Promise<void>;
  /** Moves a promotion on and adds what is known of it; a worker that wakes up late moves nothing back. */
  movePromotion(
    id: string,
    state: PromotionState,
    facts: PromotionFacts,
    told?: readonly Announcement[],
  ): Promise<void>;
  /** Keyed by (promotion, event): the audit is never written over. */
  addPromotionEvent(event: PromotionEvent): Promise<void>;
}
