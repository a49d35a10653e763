/** A batch under a loss: value, log-probabilities, metrics, and, if asked, the gradient of the model's full weights. */
import type { Arithmetic, Scores } from '../model/engine.ts';
import type { Sequence } from '../model/sequence.ts';
import type { Example, LossConfig, ScoreResult, TopK } from './messages.ts';
import type { LossName, PolicyLossName } from './loss-names.ts';
import { policyLoss, type PolicyLoss } from './losses.ts';

interface Batch {
  readonly loss: LossName;
  readonly config: LossConfig;
  readonly examples: readonly Example[];
}

/** `gradient`, if given, gets the loss's gradient added. */
export function score(
  arithmetic: Arithmetic,
  weights: Float32Array,
  { loss, config, examples }: Batch,
  gradient?: Float32Array,
): ScoreResult {
  const sequences = examples.map(({ sequence }) => sequence);
  const run = (rows: readonly Sequence[]): Scores =>
    gradient === undefined ? arithmetic.forward(weights, rows) : arithmetic.forwardBackward(weights, rows, gradient);
  const topK = config.topK === undefined ? {} : { topK: topKOf(arithmetic, weights, sequences, config.topK) };
  if (loss === 'cross_entropy') return { ...run(sequences), metrics: {}, ...topK };
  // The slope depends on the log-probabilities, so they come first.
  const { logprobs } = arithmetic.forward(weights, sequences);
  const losses = examples.map((example, i) => lossOf(loss, example, logprobs[i] ?? new Float32Array(), config));
  if (gradient !== undefined) run(sequences.map((sequence, i) => ({ ...sequence, weights: weightsOf(losses[i]) })));
  const total = losses.reduce((sum, { loss: value }) => sum + value, 0);
  return { loss: total, logprobs, metrics: policyMetrics(losses), ...topK };
}

function lossOf(name: PolicyLossName, { policy }: Example, logprobs: Float32Array, config: LossConfig): PolicyLoss {
  if (policy === undefined) throw new Error(`${name} needs the inputs of a policy loss`);
  return policyLoss(name, logprobs, policy, config);
}

function weightsOf(loss: PolicyLoss | undefined): Float32Array {
  return loss?.weights ?? new Float32Array();
}

/** By name and reduction, as clients merge them over chunks. */
function policyMetrics(losses: readonly PolicyLoss[]): Record<string, number> {
  const ratios = losses.flatMap(({ ratios: some }) => some);
  if (ratios.length === 0) return {};
  const clipped = losses.reduce((sum, loss) => sum + loss.clipped, 0);
  return {
    'importance_ratio:mean': ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length,
    'importance_ratio:min': Math.min(...ratios),
    'importance_ratio:max': Math.max(...ratios),
    'clipped_tokens:sum': clipped,
    'policy_tokens:sum': ratios.length,
  };
}

function topKOf(arithmetic: Arithmetic, weights: Float32Array, batch: readonly Sequence[], k: number): TopK[] {
  return arithmetic.distributions(weights, batch).map((all, i) => {
    const positions = batch[i]?.tokens.length ?? 0;
    const vocab = all.length / Math.max(1, positions);
    const rows = Array.from({ length: positions }, (_, at) => likeliest(all.subarray(at * vocab, (at + 1) * vocab), k));
    return {
      indices: rows.flatMap((row) => row.map(({ token }) => token)),
      logprobs: Float32Array.from(rows.flatMap((row) => row.map(({ logprob }) => logprob))),
    };
  });
}

function likeliest(row: Float32Array, k: number): { token: number; logprob: number }[] {
  const all = Array.from(row, (logprob, token) => ({ token, logprob }));
  return all.sort((a, b) => b.logprob - a.logprob).slice(0, k);
}
