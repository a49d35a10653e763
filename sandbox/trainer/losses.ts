/**
 * The policy losses, each as a function of the chosen tokens' log-probabilities: its value and its slope. Given
 * weights of minus the slope, the engine's weighted cross entropy has exactly the loss's gradient.
 */
import type { LossConfig, PolicyInputs } from './messages.ts';
import type { PolicyLossName } from './loss-names.ts';

export interface PolicyLoss {
  readonly loss: number;
  /** Minus the slope, by position. */
  readonly weights: Float32Array;
  /** π/π_old where the loss looks. */
  readonly ratios: readonly number[];
  readonly clipped: number;
}

interface Token {
  readonly logprob: number;
  readonly old: number;
  readonly advantage: number;
  readonly low: number;
  readonly high: number;
  readonly config: LossConfig;
}

interface Term {
  readonly loss: number;
  readonly slope: number;
  readonly clipped?: boolean;
}

/** Ratios between which a step is trusted, unless the request says otherwise; absolute, not distances from one. */
const CLIPS: Readonly<Record<PolicyLossName, readonly [number, number]>> = {
  importance_sampling: [0, Infinity],
  ppo: [0.8, 1.2],
  dapo: [0.8, 1.28],
  gspo: [0.8, 1.2],
  cispo: [0, 4],
  dro: [0, Infinity],
  dppo: [0, Infinity],
  reinforce: [0, Infinity],
};
const DRO_BETA = 0.05;
const DPPO_DELTA = 0.2;

const TERMS: Readonly<Record<Exclude<PolicyLossName, 'gspo'>, (token: Token) => Term>> = {
  importance_sampling: (token) => ratioTerm(token),
  ppo: (token) => clippedTerm(token, ratioOf(token)),
  dapo: (token) => clippedTerm(token, ratioOf(token)),
  // The clipped ratio is a constant factor: every token keeps a gradient.
  cispo: (token) => {
    const ratio = ratioOf(token);
    const factor = clamp(ratio, token) * token.advantage;
    return { loss: -factor * token.logprob, slope: -factor, clipped: clamp(ratio, token) !== ratio };
  },
  dro: ({ logprob, old, advantage, config }) => {
    const beta = config.beta ?? DRO_BETA;
    const distance = logprob - old;
    return { loss: -(logprob * advantage - 0.5 * beta * distance ** 2), slope: -(advantage - beta * distance) };
  },
  // What has moved too far in probability, in the direction that it is pushed, is left out.
  dppo: (token) => {
    const { logprob, old, advantage, config } = token;
    const moved = Math.exp(logprob) - Math.exp(old);
    const tooFar = advantage > 0 ? moved > (config.deltaHigh ?? DPPO_DELTA) : moved < -(config.deltaLow ?? DPPO_DELTA);
    return tooFar ? { loss: 0, slope: 0, clipped: true } : ratioTerm(token);
  },
  reinforce: ({ logprob, advantage }) => ({ loss: -logprob * advantage, slope: -advantage }),
};

/** The loss of one sequence, summed over its tokens. */
export function policyLoss(
  name: PolicyLossName,
  logprobs: Float32Array,
  inputs: PolicyInputs,
  config: LossConfig,
): PolicyLoss {
  const tokens = [...logprobs.keys()]
    .filter((at) => inputs.mask[at] !== 0)
    .map((at) => tokenAt(name, at, logprobs, inputs, config));
  const terms = name === 'gspo' ? sequenceTerms(tokens) : tokens.map((token) => TERMS[name](token));
  const weights = new Float32Array(logprobs.length);
  let loss = 0;
  let next = 0;
  for (const at of logprobs.keys()) {
    const factor = inputs.mask[at] ?? 0;
    if (factor === 0) continue;
    const term = terms[next++];
    loss += factor * (term?.loss ?? 0);
    weights[at] = -factor * (term?.slope ?? 0);
  }
  return {
    loss,
    weights,
    ratios: inputs.old === undefined ? [] : tokens.map(ratioOf),
    clipped: terms.filter(({ clipped }) => clipped === true).length,
  };
}

/** GSPO: one ratio for the sequence, the geometric mean of its tokens'. */
function sequenceTerms(tokens: readonly Token[]): Term[] {
  const mean = tokens.reduce((sum, { logprob, old }) => sum + logprob - old, 0) / Math.max(1, tokens.length);
  const terms = tokens.map((token) => clippedTerm(token, Math.exp(mean)));
  const slope = terms.reduce((sum, term) => sum + term.slope, 0) / Math.max(1, tokens.length);
  return terms.map((term) => ({ ...term, slope }));
}

function tokenAt(
  name: PolicyLossName,
  at: number,
  logprobs: Float32Array,
  { advantages, old, clipLow, clipHigh }: PolicyInputs,
  config: LossConfig,
): Token {
  const [low, high] = CLIPS[name];
  return {
    logprob: logprobs[at] ?? 0,
    old: old?.[at] ?? 0,
    advantage: advantages[at] ?? 0,
    low: clipLow?.[at] ?? config.clipLow ?? low,
    high: clipHigh?.[at] ?? config.clipHigh ?? high,
    config,
  };
}

function ratioOf({ logprob, old }: Token): number {
  return Math.exp(logprob - old);
}

function ratioTerm(token: Token): Term {
  const value = -ratioOf(token) * token.advantage;
  return { loss: value, slope: value };
}

function clippedTerm(token: Token, ratio: number): Term {
  const free = ratio * token.advantage;
  const bounded = clamp(ratio, token) * token.advantage;
  return free <= bounded ? { loss: -free, slope: -free } : { loss: -bounded, slope: 0, clipped: true };
}

function clamp(ratio: number, { low, high }: Token): number {
  return Math.min(Math.max(ratio, low), high);
}
