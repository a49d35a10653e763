/** What is kept of a sample: the answer of one prompt, or why there is none. */

interface SampleKey {
  /** Position of the prompt in its prompt set, from 0. */
  readonly promptIndex: number;
  /** Which of the prompt's samples, from 0. */
  readonly sampleIndex: number;
  readonly promptHash: string;
  readonly promptTokens: number;
}

export interface ProducedSample extends SampleKey {
  readonly kind: 'produced';
  readonly tokens: readonly number[];
  readonly text: string;
  readonly finishReason: string;
  /** Mean log p of the produced tokens, in nats; absent when none was produced. */
  readonly meanLogprob?: number;
  readonly score: number;
  readonly latencyMs: number;
  /** Identity named in the stream itself, where the platform sends one. */
  readonly servedIdentity?: string;
}

/** A sample that could not be produced: missing, never zero. */
interface MissingSample extends SampleKey {
  readonly kind: 'missing';
  readonly error: string;
}

export type SampleRecord = ProducedSample | MissingSample;
