/**
 * How many requests a deployment should be given at once: a little more while its queue is short, half as many as soon
 * as it is long. Pure: the caller tells what happened, and when.
 */

export interface AimdOptions {
  /** Default: 8. */
  readonly initial?: number;
  readonly min?: number;
  /** Default: 256. */
  readonly max?: number;
  /** Seconds that a prompt may wait for its prefill. Default: 0.5. */
  readonly targetQueueSeconds?: number;
}

/** Weight of the newest queue time in the moving average. */
const EMA_ALPHA = 0.3;
/** Completed requests between two adjustments. */
const INTERVAL = 32;
const MAX_INCREASE = 4;
/** One overload makes many requests fail: they count as one. */
const COOL_DOWN_MS = 1_000;
/** A request that fails this often in a row tells of more than a moment. */
const PERSISTENT_ATTEMPT = 3;

export class Aimd {
  #limit: number;
  readonly #min: number;
  readonly #max: number;
  readonly #target: number;
  #ema: number | undefined;
  #completed = 0;
  #congested = false;
  #cooledAtMs = -Infinity;

  constructor(options: AimdOptions = {}) {
    const { initial = 8, min = 1, max = 256, targetQueueSeconds = 0.5 } = options;
    this.#min = min;
    this.#max = Math.max(min, max);
    this.#limit = this.#bounded(initial);
    this.#target = targetQueueSeconds;
  }

  /** Whole requests that may be under way. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** A request ended well; `queueSeconds` where the server tells how long its prompt waited. */
  completed(queueSeconds?: number): void {
    if (queueSeconds !== undefined) {
      this.#ema = this.#ema === undefined ? queueSeconds : EMA_ALPHA * queueSeconds + (1 - EMA_ALPHA) * this.#ema;
    }
    this.#completed += 1;
    if (this.#completed < INTERVAL) return;
    this.#limit = this.#bounded(this.#adjusted());
    this.#completed = 0;
    this.#congested = false;
  }

  /** An attempt was turned away or lost. Only heeded while the server tells no queue times. `attempt` counts from 1. */
  congestion(attempt: number, nowMs: number): void {
    if (this.#ema !== undefined) return;
    this.#congested = true;
    if (nowMs < this.#cooledAtMs) return;
    this.#cooledAtMs = nowMs + COOL_DOWN_MS;
    this.#limit = this.#bounded(this.#limit * (attempt >= PERSISTENT_ATTEMPT ? 0.25 : 0.5));
  }

  #adjusted(): number {
    if (this.#ema === undefined) return this.#congested ? this.#limit : this.#limit + 1;
    if (this.#ema > this.#target) return this.#limit * 0.5;
    const room = this.#ema === 0 ? MAX_INCREASE : this.#target / this.#ema;
    return this.#limit + Math.max(1, Math.min(room, MAX_INCREASE));
  }

  #bounded(limit: number): number {
    return Math.min(this.#max, Math.max(this.#min, limit));
  }
}
