/** What a run knows of the sweep that it is a trial of. */

/** To a run: whose trial it is, and that each of its scores is answered before it goes on. */
export interface TrialOf {
  readonly sweepId: string;
  readonly number: number;
  /** The suite whose scores are told. */
  readonly suite: string;
  /** It waits for a word on each score: a rule may stop it. */
  readonly judged: boolean;
}
