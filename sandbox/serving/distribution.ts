/** From a model's log-probabilities to the next token, and to how likely that choice was. */
import type { Uniform } from '../model/random.ts';

export interface DistributionParams {
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
}

export interface Choice {
  readonly token: number;
  readonly samplingLogprob: number;
}

/** Greedy at temperature 0 (the lowest id wins a tie): then the choice is certain. */
export function choose(logprobs: Float32Array, params: DistributionParams, uniform: Uniform): Choice {
  if (params.temperature === 0) return { token: best(logprobs), samplingLogprob: 0 };
  const candidates = truncate(tempered(logprobs, params.temperature), params);
  const total = candidates.reduce((sum, { share }) => sum + share, 0);
  let rest = uniform() * total;
  let chosen = candidates[0];
  for (const candidate of candidates) {
    if (candidate.share > 0) chosen = candidate;
    rest -= candidate.share;
    if (rest < 0) break;
  }
  if (chosen === undefined) throw new Error('an empty vocabulary has no next token');
  return { token: chosen.token, samplingLogprob: Math.log(chosen.share / total) };
}

/** The `count` most likely tokens, most likely first. */
export function mostLikely(logprobs: Float32Array, count: number): { token: number; logprob: number }[] {
  if (count === 0) return [];
  const all = Array.from(logprobs, (logprob, token) => ({ token, logprob }));
  return all.sort((a, b) => b.logprob - a.logprob).slice(0, count);
}

interface Candidate {
  readonly token: number;
  readonly share: number;
}

function best(logprobs: Float32Array): number {
  let token = 0;
  logprobs.forEach((logprob, id) => {
    if (logprob > (logprobs[token] ?? -Infinity)) token = id;
  });
  return token;
}

function tempered(logprobs: Float32Array, temperature: number): Candidate[] {
  const highest = logprobs[best(logprobs)] ?? 0;
  return Array.from(logprobs, (logprob, token) => ({ token, share: Math.exp((logprob - highest) / temperature) }));
}

function truncate(all: Candidate[], { topK, topP }: DistributionParams): Candidate[] {
  if (topK === 0 && topP >= 1) return all;
  const sorted = all.sort((a, b) => b.share - a.share);
  const few = topK > 0 ? sorted.slice(0, topK) : sorted;
  const total = few.reduce((sum, { share }) => sum + share, 0);
  let covered = 0;
  // The token that crosses the threshold belongs to the nucleus.
  const end = few.findIndex(({ share }) => (covered += share) >= topP * total);
  return end === -1 ? few : few.slice(0, end + 1);
}
