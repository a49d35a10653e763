/** How a run ended by Temporal's word, as an outcome; whatever cut it off, it crashed. */
const OUTCOMES = { finished: 'finished', failed: 'failed', 'was cancelled': 'cancelled' } as const;

/** `fate`: as a `RunDirectory` says it. */
export function outcomeOfFate(fate: string): (typeof OUTCOMES)[keyof typeof OUTCOMES] | 'crashed' {
  return fate in OUTCOMES ? OUTCOMES[fate as keyof typeof OUTCOMES] : 'crashed';
}
