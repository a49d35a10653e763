/** What a pass over the data is given, and how its result is waited for. */
import type { ObjectiveExample } from '../../objectives/objective.ts';
import type { InputChunk } from './datum.ts';
import type { PassOutput } from './pass-replies.ts';

/** An operation that the trainer has accepted. Not waiting for its result does not stop it. */
export interface Submitted<T> {
  /** One per request that the operation was split into. */
  readonly requestIds: readonly string[];
  /** Waits as long as the trainer computes; the answer is kept. Fails with a `BackendError`. */
  result(signal?: AbortSignal): Promise<T>;
}

/**
 * `Σ loss`, a log-probability per target of every datum (nats; a backward pass may come without: none at all, then), the
 * likeliest tokens of each position where the loss was configured with `top_k`, and the trainer's metrics.
 */
export type PassResult = PassOutput;

/** An example of a custom objective: what the objective reads, and the model's input. */
export interface CustomDatum extends ObjectiveExample {
  readonly modelInput: readonly number[] | readonly InputChunk[];
}
