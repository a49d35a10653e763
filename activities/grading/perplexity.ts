/** `perplexity`: how likely the model finds the reference, token by token, whatever it would answer itself. */

/** 1 ÷ perplexity: exp of the mean log p, the geometric mean of the tokens' probabilities. From 0 to 1; more is better. */
export function perplexityScore(logprobs: readonly number[]): number {
  return Math.exp(logprobs.reduce((sum, value) => sum + value, 0) / logprobs.length);
}
