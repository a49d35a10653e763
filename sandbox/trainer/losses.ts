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

/** π/π_old, or what it was cut off at: then it is a constant. */
interface Ratio {
  readonly value: number;
  readonly cut: boolean;
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
/** How far the logarithm of a ratio may be from zero: beyond it is cut off, and slopes no more. */
const RATIO_LOG_CAP = 20;
const SEQUENCE_LOG_CAP = 10;
const DRO_BETA = 0.05;
const DPPO_DELTA = 0.2;

const TERMS: Readonly<Record<Exclude<PolicyLossName, 'gspo'>, (token: Token) => Term>> = {
  importance_sampling: (token) => ratioTerm(token),
  ppo: (token) => clippedTerm(token, ratioOf(token)),
  dapo: (token) => dualClipped(token, clippedTerm(token, ratioOf(token))),
  // The clipped ratio is a constant factor: every token keeps a gradient.
  cispo: (token) => {
    const { value: ratio } = ratioOf(token);
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
    ratios: inputs.old === undefined ? [] : tokens.map((token) => ratioOf(token).value),
    clipped: terms.filter(({ clipped }) => clipped === true).length,
  };
}

/** GSPO: one ratio for the sequence, the geometric mean of its tokens'. */
function sequenceTerms(tokens: readonly Token[]): Term[] {
  const mean = tokens.reduce((sum, { logprob, old }) => sum + logprob - old, 0) / Math.max(1, tokens.length);
  const ratio = cutOff(mean, tokens[0]?.config.sequenceLogCap ?? SEQUENCE_LOG_CAP);
  const terms = tokens.map((token) => clippedTerm(token, ratio));
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

function ratioOf({ logprob, old, config }: Token): Ratio {
  return cutOff(logprob - old, config.ratioLogCap ?? RATIO_LOG_CAP);
}

function cutOff(logRatio: number, cap: number): Ratio {
  return { value: Math.exp(within(logRatio, -cap, cap)), cut: Math.abs(logRatio) > cap };
}

/** Slopes with log p, unless the ratio was cut off. */
function ratioTerm(token: Token): Term {
  const loss = -ratioOf(token).value * token.advantage;
  return { loss, slope: ratioOf(token).cut ? 0 : loss };
}

function clippedTerm(token: Token, { value, cut }: Ratio): Term {
  const free = -value * token.advantage;
  const bounded = -clamp(value, token) * token.advantage;
  return free >= bounded ? { loss: free, slope: cut ? 0 : free } : { loss: bounded, slope: 0, clipped: true };
}

/** A token to be made less likely is pushed no harder than `eps_clip_c` times its advantage. */
function dualClipped(token: Token, term: Term): Term {
  const { advantage, config } = token;
  if (advantage >= 0 || config.dualClip === undefined) return term;
  const most = -config.dualClip * advantage;
  return term.loss > most ? { loss: most, slope: 0, clipped: true } : term;
}

function clamp(ratio: number, { low, high }: Token): number {
  return within(ratio, low, high);
}

function within(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
