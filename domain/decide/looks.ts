/** How many candidates stood before the one that is judged, and how sure a comparison must be for it. Pure. */
import { TAIL } from './statistics/distributions.ts';

/** What the store knows of those who might have been asked about instead. */
export interface Looks {
  /**
   * Checkpoints of any run that were evaluated on these prompts, or on some of them, the candidate among them; without
   * untrained weights and without the one that it is compared with.
   */
  readonly checkpoints: number;
  /** Other gates that the alias was asked about this very candidate. */
  readonly otherGates: number;
}

/**
 * The best of many looks better than it is. However it was chosen, and however alike the candidates are, the chance that
 * any of `looks` of them is called better without being so stays below 2.5 % if each comparison's is below 2.5 %/looks
 * (C. E. Bonferroni; O. J. Dunn, "Multiple Comparisons Among Means", J. Am. Stat. Assoc. 56, 1961).
 */
export function looksAt({ checkpoints, otherGates }: Looks): number {
  return Math.max(1, checkpoints) + otherGates;
}

/** Chance of being wrong that a comparison may have on either side, as one of so many. */
export function tailOf(looks: number): number {
  return TAIL / looks;
}
