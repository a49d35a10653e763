/** What is kept of a sample: the answer of one prompt, or why there is none. */

interface SampleKey {
  /** Position of the prompt in its prompt set, from 0. */
  readonly promptIndex: number;
  /** Which of the prompt's samples, from 0. */
  readonly sampleIndex: number;
  readonly promptHash: string;
  readonly promptTokens: number;
}

/** What the model answered. */
export interface Answer {
  readonly tokens: readonly number[];
  readonly text: string;
  readonly finishReason: string;
  /** Mean log p of the produced tokens, in nats; absent when none was produced. */
  readonly meanLogprob?: number;
  readonly latencyMs: number;
  /** Identity named in the stream itself, where the platform sends one. */
  readonly servedIdentity?: string;
}

export interface ProducedSample extends SampleKey, Answer {
  readonly kind: 'produced';
  readonly score: number;
}

/** A sample that has no score: missing, never zero. */
interface MissingSample extends SampleKey {
  readonly kind: 'missing';
  readonly error: string;
  /** What was answered, where nobody could grade it: to be graded later, and never drawn again. */
  readonly answer?: Answer;
}

export type SampleRecord = ProducedSample | MissingSample;
