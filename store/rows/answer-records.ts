/** Answers as people read them. */

/** A sample as a person reads it. */
export interface StoredAnswer {
  readonly promptIndex: number;
  readonly sampleIndex: number;
  readonly promptHash: string;
  /** Absent: nothing was answered. */
  readonly text?: string;
  /** `stop`, `length`, …; absent where nothing was answered. */
  readonly finishReason?: string;
  /** Absent: it has none, and `error` says why. */
  readonly score?: number;
  readonly error?: string;
}

interface AnswerPage {
  /** Behind this one. */
  readonly after?: Pick<StoredAnswer, 'promptIndex' | 'sampleIndex'>;
  /** Of these prompts only, a few hundred at most. */
  readonly prompts?: readonly number[];
  /** Those that are not wholly right, or missing. */
  readonly failed?: boolean;
  readonly limit: number;
}

/** How many of an evaluation's answers ended in which way; `missing` for those that were not produced. */
export type Endings = Readonly<Record<string, number>>;

export interface AnswerReader {
  /** In order of prompt and sample. */
  answers(evaluationId: string, page: AnswerPage): Promise<readonly StoredAnswer[]>;
  /** The numbers of an evaluation's prompts, by their hashes. */
  promptNumbers(evaluationId: string): Promise<ReadonlyMap<string, number>>;
  endings(evaluationId: string): Promise<Endings>;
}
