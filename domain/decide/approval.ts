/** What becomes of a promotion that awaits approval: a person's word counts if it was said in time. Pure. */
import { spanText } from '../words/durations.ts';
import type { PromotionDecision } from '../words/promotion.ts';

interface Question {
  /** Since when it is asked; ms since the epoch. */
  readonly askedMs: number;
  readonly expiresHours: number;
}

export type Answer =
  | { readonly kind: 'approved' | 'rejected'; readonly decision: PromotionDecision }
  | { readonly kind: 'expired'; readonly reason: string };

/** The last moment at which it can be answered, in ms since the epoch. */
export function deadlineOf({ askedMs, expiresHours }: Question): number {
  return askedMs + Math.ceil(expiresHours * 3_600_000);
}

/** A worker that was away sees question, answer and expiry at once: it is the time of the answer that counts. */
export function answerOf(question: Question, decision: PromotionDecision | undefined): Answer {
  const span = spanText(question.expiresHours);
  if (decision === undefined) return { kind: 'expired', reason: `nobody approved it in ${span}` };
  const { by, at, approved } = decision;
  if (approved && Date.parse(at) > deadlineOf(question)) {
    const end = new Date(deadlineOf(question)).toISOString();
    return { kind: 'expired', reason: `${by} approved it at ${at}, after it had expired at ${end} (${span})` };
  }
  return { kind: approved ? 'approved' : 'rejected', decision };
}
