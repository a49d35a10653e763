/** A sequence to score. */

/**
 * A sequence to score: `targets[i]` is what should follow `tokens[i]`; `weights[i]` multiplies −log p of it. With a
 * `width`, each position has that many targets, and weights as many; they lie row by row.
 */
export interface Sequence {
  readonly tokens: Int32Array;
  readonly targets: Int32Array;
  readonly weights: Float32Array;
  readonly width?: number;
}
