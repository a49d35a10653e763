/** pass@k: the chance that at least one of k answers to a prompt is right. */

/**
 * The unbiased estimate from `n` answers of which `correct` are right: 1 − C(n − c, k) / C(n, k), as the product of
 * M. Chen et al., "Evaluating Large Language Models Trained on Code" (2021, arXiv:2107.03374), figure 3, which no
 * factorial overflows. The plain 1 − (1 − c/n)^k is biased.
 */
export function passAtK({ n, correct, k }: { n: number; correct: number; k: number }): number {
  if (![n, correct, k].every(Number.isInteger) || correct < 0 || correct > n || k < 1 || k > n) {
    throw new RangeError(`pass@${k} cannot be told from ${correct} right answers of ${n}`);
  }
  if (n - correct < k) return 1;
  let noneRight = 1;
  for (let answers = n - correct + 1; answers <= n; answers++) noneRight *= 1 - k / answers;
  return 1 - noneRight;
}
