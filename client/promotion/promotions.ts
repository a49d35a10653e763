/** Promotions from outside: asked of an alias, approved or rejected by a person, undone, and read from the store. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PromotionEvent, StoredPromotion, StoreReader } from '../../store/index.ts';
import { answerOf } from '../../domain/decide/approval.ts';
import { isSettled, promotionId, type Gate, type PromotionDecision } from '../../domain/words/promotion.ts';
import { lookUpCheckpoint, orLast } from '../lineage/checkpoint-reference.ts';
import { UserError } from '../errors.ts';
import type { RunStore } from '../runs/run-store.ts';
import type { TemporalLink } from '../temporal/temporal-link.ts';

const POLL_MS = 150;

/** What an alias stands for, and what was asked of it, newest first. */
export interface AliasView {
  readonly alias: string;
  /** Absent: it stands for nothing yet. */
  readonly champion?: StoredPromotion;
  readonly promotions: readonly StoredPromotion[];
}

export interface PromotionDetails extends StoredPromotion {
  /** What its alias stands for at this moment. */
  readonly isChampion: boolean;
  /** All that happened to it, in order. */
  readonly events: readonly PromotionEvent[];
}

export class Promotions {
  readonly #temporal: TemporalLink;
  readonly #store: RunStore;
  readonly #resolve: (run: string) => Promise<string>;

  constructor(temporal: TemporalLink, store: RunStore, resolve: (run: string) => Promise<string>) {
    this.#temporal = temporal;
    this.#store = store;
    this.#resolve = resolve;
  }

  /**
   * Asks an alias to stand for a checkpoint, if it passes the gate; from here on the request is durable. `hex`: the end of
   * its id; asked twice with the same one, it is asked once.
   */
  async promote(
    checkpoint: string,
    { gate, by, hex }: { gate: Gate; by: string; hex?: string },
  ): Promise<{ id: string }> {
    const reader = await this.#store.reader();
    const { run, row } = await lookUpCheckpoint(orLast(checkpoint), { resolve: this.#resolve, reader });
    const id = promotionId(gate.alias, hex ?? randomBytes(4).toString('hex'));
    await this.#temporal.askAlias(gate.alias, {
      kind: 'promote',
      id,
      gate,
      subject: { runId: run.runId, checkpoint: row.checkpoint.name },
      askedBy: by,
      askedAt: new Date().toISOString(),
    });
    return { id };
  }

  /** Makes an alias stand for the champion before the present one; waits until it does. */
  async undo(alias: string, { by }: { by: string }): Promise<{ undone: StoredPromotion; champion: StoredPromotion }> {
    const reader = await this.#mustRead();
    const [undone] = await reader.champions(alias);
    if (undone === undefined) throw new UserError(`${alias} has no champion.`, 'There is nothing to undo.');
    const id = promotionId(alias, randomBytes(4).toString('hex'));
    const askedAt = new Date().toISOString();
    await this.#temporal.askAlias(alias, { kind: 'undo', id, alias, promotionId: undone.id, askedBy: by, askedAt });
    for (;;) {
      const refused = (await reader.promotionEvents(undone.id)).find(({ event }) => event === `undo-refused/${id}`);
      if (refused !== undefined) throw new UserError(`Nothing was undone: ${refused.message ?? ''}.`, '');
      if ((await reader.promotion(undone.id))?.state === 'undone') {
        const [champion] = await reader.champions(alias);
        if (champion !== undefined) return { undone, champion };
      }
      await sleep(POLL_MS);
    }
  }

  /** Says yes or no to a promotion that awaits approval, named by its id or its alias. */
  async decide(
    reference: string,
    decision: { approved: boolean; by: string; reason?: string },
  ): Promise<StoredPromotion> {
    const promotion = await this.#awaiting(reference, decision.approved ? 'approve' : 'reject');
    const { id, alias } = promotion;
    const at = new Date().toISOString();
    if (decision.approved) await this.#requireInTime(promotion, { ...decision, promotionId: id, at });
    if (await this.#temporal.decidePromotion(alias, { promotionId: id, at, ...decision })) return promotion;
    throw new UserError(
      `Nobody waits for an answer on ${id}: its workflow was ended from outside.`,
      `Ask again: pawl promote ${promotion.runId}@${promotion.checkpoint} --to ${alias}.`,
    );
  }

  /** Every change of a promotion until it is settled, or until it is `until`. */
  async *follow(id: string, options: { until?: StoredPromotion['state'] } = {}): AsyncGenerator<StoredPromotion> {
    let last: string | undefined;
    for (;;) {
      const promotion = await (await this.#store.reader())?.promotion(id);
      if (promotion !== undefined && promotion.state !== last) {
        last = promotion.state;
        yield promotion;
        if (isSettled(promotion.state) || promotion.state === options.until) return;
      }
      await sleep(POLL_MS);
    }
  }

  /** Every alias, or one. */
  async list(alias?: string): Promise<readonly AliasView[]> {
    const reader = await this.#store.reader();
    const promotions = (await reader?.promotions(alias === undefined ? {} : { alias })) ?? [];
    const aliases = [...new Set(promotions.map((promotion) => promotion.alias))].sort();
    return Promise.all(
      aliases.map(async (name) => {
        const [champion] = (await reader?.champions(name)) ?? [];
        const own = promotions.filter((promotion) => promotion.alias === name);
        return { alias: name, promotions: own, ...(champion !== undefined && { champion }) };
      }),
    );
  }

  /** One promotion with its audit; undefined: there is none of that id. */
  async show(id: string): Promise<PromotionDetails | undefined> {
    const reader = await this.#store.reader();
    const promotion = await reader?.promotion(id);
    if (reader === undefined || promotion === undefined) return undefined;
    const [champion] = await reader.champions(promotion.alias);
    return { ...promotion, isChampion: champion?.id === id, events: await reader.promotionEvents(id) };
  }

  async #awaiting(reference: string, verb: string): Promise<StoredPromotion> {
    const reader = await this.#mustRead();
    const promotion = await reader.promotion(reference);
    if (promotion?.state === 'awaiting-approval') return promotion;
    if (promotion !== undefined) {
      const why = promotion.reason === undefined ? '' : `: ${promotion.reason}`;
      throw new UserError(
        `${reference} does not await approval, it is ${promotion.state}${why}.`,
        `There is nothing to ${verb}.`,
      );
    }
    const ofAlias = await reader.promotions({ alias: reference });
    const waiting = ofAlias.find(({ state }) => state === 'awaiting-approval');
    if (waiting !== undefined) return waiting;
    const problem =
      ofAlias.length === 0
        ? `There is no promotion or alias "${reference}".`
        : `Nothing of ${reference} awaits approval.`;
    throw new UserError(problem, '`pawl promotions` lists what was asked for.');
  }

  /** While no worker is there to say so: said now, rather than promised and taken back. */
  async #requireInTime(promotion: StoredPromotion, decision: PromotionDecision): Promise<void> {
    const { id, alias, gate, runId, checkpoint } = promotion;
    const events = await (await this.#mustRead()).promotionEvents(id);
    const asked = events.find(({ event }) => event === 'awaiting-approval');
    if (asked === undefined) return;
    const answer = answerOf({ askedMs: Date.parse(asked.at), expiresHours: gate.expiresHours }, decision);
    if (answer.kind !== 'expired') return;
    throw new UserError(
      `${id} has expired: ${answer.reason}.`,
      `Ask again: pawl promote ${runId}@${checkpoint} --to ${alias}.`,
    );
  }

  async #mustRead(): Promise<StoreReader> {
    const reader = await this.#store.reader();
    if (reader !== undefined) return reader;
    throw new UserError('Nothing was promoted yet.', 'A worker makes the store: `pawl up`.');
  }
}
