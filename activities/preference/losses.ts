/**
 * Preference losses of a pair, with their slopes. Every one depends on the texts only through the sums of their
 * log-probabilities, so that a slope with respect to the sum is that of each of its tokens. Pure, float64.
 *
 * Sources: DPO Rafailov et al. 2023 (label smoothing: Mitchell 2023), IPO Azar et al. 2023 with means over tokens as TRL
 * has it, ORPO Hong et al. 2024, SimPO Meng et al. 2024, KTO Ethayarajh et al. 2024.
 */
import type { PreferenceSettings } from '../../domain/spec/preference-spec.ts';

/** What is known of one answer: sums over its trained tokens, in nats. */
export interface Answer {
  readonly logprob: number;
  /** What the reference says of it; 0 where a loss needs none. */
  readonly reference: number;
  /** An answer of none counts with a mean of 0, and has no slope. */
  readonly tokens: number;
}

/**
 * `chosen` and `rejected` of a pair; of a labelled row the answer itself, and the same prompt with the answer of another
 * row, which tells how far the model has moved from the reference in general.
 */
export interface Pair {
  readonly first: Answer;
  readonly second: Answer;
  /** Of a labelled row: whether the answer is a good one. */
  readonly label?: boolean;
}

/** Of one pair, before it is averaged over the step. */
export interface Outcome {
  readonly loss: number;
  /** ∂loss/∂(Σ log p) of the two answers. */
  readonly first: number;
  readonly second: number;
  /** By their usual names; each is the mean of those pairs of a step that have it. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** `drift` is what `driftOf` gave for all pairs of the step. */
export function outcomeOf(settings: PreferenceSettings, pair: Pair, drift = 0): Outcome {
  const { loss } = settings;
  if (loss === 'dpo') return dpo(settings, pair);
  if (loss === 'ipo') return ipo(settings, pair);
  if (loss === 'orpo') return orpo(settings, pair);
  return loss === 'simpo' ? simpo(settings, pair) : kto(settings, pair, drift);
}

/** KTO's z₀: the mean gain of answers that belong to other prompts, never below zero. No gradient flows through it. */
export function driftOf(pairs: readonly Pair[]): number {
  const sum = pairs.reduce((total, { second }) => total + second.logprob - second.reference, 0);
  return Math.max(0, sum / Math.max(1, pairs.length));
}

type Of<Loss> = Extract<PreferenceSettings, { loss: Loss }>;

/** −(1−ε) log σ(z) − ε log σ(−z), z = β · (gain of the chosen − gain of the rejected). */
function dpo({ beta, labelSmoothing }: Of<'dpo'>, { first, second }: Pair): Outcome {
  const [chosen, rejected] = [beta * gain(first), beta * gain(second)];
  const z = chosen - rejected;
  const loss = (1 - labelSmoothing) * softplus(-z) + labelSmoothing * softplus(z);
  const slope = beta * (sigmoid(z) - (1 - labelSmoothing));
  const logprobs = { chosen: first.logprob, rejected: second.logprob };
  return { loss, first: slope, second: -slope, metrics: metricsOf({ chosen, rejected }, logprobs) };
}

/** (m − 1/(2β))², m = mean gain of the chosen − mean gain of the rejected. */
function ipo({ beta }: Of<'ipo'>, { first, second }: Pair): Outcome {
  const [chosen, rejected] = [gain(first) / lengthOf(first), gain(second) / lengthOf(second)];
  const off = chosen - rejected - 1 / (2 * beta);
  const rewards = { chosen: beta * chosen, rejected: beta * rejected };
  return {
    loss: off * off,
    first: (2 * off) / lengthOf(first),
    second: (-2 * off) / lengthOf(second),
    metrics: metricsOf(rewards, { chosen: meanOf(first), rejected: meanOf(second) }),
  };
}

const LEAST_MEAN = -50;
const MOST_MEAN = -1e-6;

/** −mean log p(c) + λ · (−log σ(lo(c) − lo(r))), lo(x) the log-odds of the mean, which is kept within [−50, −1e−6]. */
function orpo({ lambda }: Of<'orpo'>, { first, second }: Pair): Outcome {
  const [chosen, rejected] = [logOdds(meanOf(first)), logOdds(meanOf(second))];
  const ratio = chosen.value - rejected.value;
  const slope = lambda * (sigmoid(ratio) - 1);
  const likelihood = meanOf(first);
  const means = { chosen: likelihood, rejected: meanOf(second) };
  return {
    loss: lambda * softplus(-ratio) - likelihood,
    first: (slope * chosen.slope - 1) / lengthOf(first),
    second: (-slope * rejected.slope) / lengthOf(second),
    metrics: {
      ...metricsOf({ chosen: lambda * means.chosen, rejected: lambda * means.rejected }, means),
      nll_loss: -likelihood,
      log_odds_ratio: softplus(-ratio),
      log_odds_chosen: ratio,
    },
  };
}

/** −log σ(β · (mean log p(c) − mean log p(r)) − γ). */
function simpo({ beta, gamma }: Of<'simpo'>, { first, second }: Pair): Outcome {
  const means = { chosen: meanOf(first), rejected: meanOf(second) };
  const z = beta * (means.chosen - means.rejected) - gamma;
  const slope = beta * (sigmoid(z) - 1);
  return {
    loss: softplus(-z),
    first: slope / lengthOf(first),
    second: -slope / lengthOf(second),
    metrics: metricsOf({ chosen: beta * means.chosen, rejected: beta * means.rejected }, means),
  };
}

/** w · (1 − σ(β(h − z₀))) of a good answer, w · (1 − σ(β(z₀ − h))) of a bad one; h is its gain. */
function kto(settings: Of<'kto'>, { first, label = true }: Pair, drift: number): Outcome {
  const { beta, desirableWeight, undesirableWeight } = settings;
  const sign = label ? 1 : -1;
  const weight = label ? desirableWeight : undesirableWeight;
  const sure = sigmoid(sign * beta * (gain(first) - drift));
  const kind = label ? 'chosen' : 'rejected';
  return {
    loss: weight * (1 - sure),
    first: -sign * weight * beta * sure * (1 - sure),
    second: 0,
    metrics: { [`rewards/${kind}`]: beta * gain(first), [`logps/${kind}`]: first.logprob, kl: drift },
  };
}

interface Both {
  readonly chosen: number;
  readonly rejected: number;
}

function metricsOf(rewards: Both, logprobs: Both): Record<string, number> {
  return {
    'rewards/chosen': rewards.chosen,
    'rewards/rejected': rewards.rejected,
    'rewards/margins': rewards.chosen - rewards.rejected,
    'rewards/accuracies': rewards.chosen > rewards.rejected ? 1 : 0,
    'logps/chosen': logprobs.chosen,
    'logps/rejected': logprobs.rejected,
  };
}

function gain({ logprob, reference }: Answer): number {
  return logprob - reference;
}

function lengthOf({ tokens }: Answer): number {
  return Math.max(1, tokens);
}

function meanOf(answer: Answer): number {
  return answer.logprob / lengthOf(answer);
}

/** log(p / (1 − p)) of log p, and its slope: none where log p was cut off. */
function logOdds(mean: number): { readonly value: number; readonly slope: number } {
  const kept = Math.min(MOST_MEAN, Math.max(LEAST_MEAN, mean));
  const doubt = -Math.expm1(kept);
  return { value: kept - Math.log(doubt), slope: kept === mean || Number.isNaN(mean) ? 1 / doubt : 0 };
}

function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** log(1 + e^x), also where e^x would overflow. */
function softplus(x: number): number {
  return Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x)));
}
