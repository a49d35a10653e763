/** Promotions: written down, examined, compared, made by the platform, undone. */
import { toldOfPromotion } from '../../domain/decide/told-of-promotions.ts';
import {
  isSettled,
  type PromotionActivities,
  type PromotionFacts,
  type PromotionRequest,
  type PromotionState,
} from '../../domain/words/promotion.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { Compute } from '../compute/compute.ts';
import { signal } from '../guard.ts';
import type { Backend } from '../ports.ts';
import { compareOnSuite, examine } from './promotion-evidence.ts';
import type { Store } from '../../store/index.ts';

/** Hands a request to its alias, beginning the alias's workflow if need be. */
export interface PromotionDesk {
  ask(request: PromotionRequest, signal: AbortSignal): Promise<void>;
}

interface Ports {
  readonly backend: Backend;
  readonly store: Store;
  readonly desk: PromotionDesk;
  readonly compute: Compute;
}

export function promoting({ backend, store, desk, compute }: Ports): PromotionActivities {
  /** What happened goes first: a state whose event is missing could not be told from one that never was. */
  async function tell(promotionId: string, event: string, by?: string, message?: string): Promise<void> {
    const at = new Date().toISOString();
    await store.addPromotionEvent({ promotionId, event, at, ...(by && { by }), ...(message && { message }) });
  }

  /** With whatever people are told of it. */
  async function move(id: string, state: PromotionState, facts: PromotionFacts): Promise<void> {
    const asked = await store.promotion(id);
    const told = asked === undefined ? [] : toldOfPromotion(asked, state, facts);
    await store.movePromotion(id, state, facts, told);
  }

  return {
    async openPromotion(request) {
      const { id, askedBy } = request;
      await store.savePromotion(request);
      await tell(id, 'waiting', askedBy);
      const stored = await store.promotion(id);
      if (stored === undefined) throw new PawlError('Unavailable', `promotion ${id} was written and is not there`);
      return stored.state;
    },

    async failAbandoned({ alias, beganAt, asked }) {
      const reason = 'its workflow was ended from outside: ask again';
      for (const { id, state, askedAt } of await store.promotions({ alias })) {
        // A worker that wakes up late must leave alone what was asked since.
        if (isSettled(state) || asked.includes(id) || askedAt >= beganAt) continue;
        await tell(id, 'failed', undefined, reason);
        await move(id, 'failed', { reason });
      }
    },

    async notePromotion({ id, state, facts, by, event = state }) {
      await tell(id, event, by, facts.reason);
      await move(id, state, facts);
    },

    examineCandidate: (request) => examine(store, request),

    compareEvaluations: (suite) => compareOnSuite({ store, compute }, suite, signal()),

    promoteCheckpoint: (order) => backend.provisioner.promote(order, signal()),

    async undoPromotion({ id, alias, promotionId, askedBy }) {
      if ((await store.promotion(promotionId))?.state === 'undone') return;
      const [champion, before] = await store.champions(alias);
      if (champion?.id !== promotionId) {
        await tell(
          promotionId,
          `undo-refused/${id}`,
          askedBy,
          `${alias} stands for ${champion?.id ?? 'nothing'} by now`,
        );
      } else if (before === undefined) {
        await tell(promotionId, `undo-refused/${id}`, askedBy, `${alias} had no champion before ${promotionId}`);
      } else {
        await tell(promotionId, 'undone', askedBy, `${alias} stands for ${before.id} again`);
        await move(promotionId, 'undone', {});
      }
    },

    requestPromotion: (request) => desk.ask(request, signal()),
  };
}
