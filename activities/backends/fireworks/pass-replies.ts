/** What a pass answers. A backward one owes no more than its loss; a forward one no more than its log-probabilities. */
import { z } from 'zod';
import type { ForwardBackwardResult } from '../../ports.ts';
import { positionCount, targetCount, weightsOf, type TrainingDatum } from './datum.ts';
import type { Loss } from './losses.ts';
import { Floats, Numbers } from './reply-numbers.ts';

/** The likeliest tokens of each position of one datum, likeliest first. */
export interface TopTokens {
  readonly tokens: readonly (readonly number[])[];
  /** log p of each, in nats. */
  readonly logprobs: readonly (readonly number[])[];
}

/** A pass's result, with what was asked for beyond the port. */
export interface PassOutput extends ForwardBackwardResult {
  /** One per datum; only where the loss was configured with `top_k`. */
  readonly topTokens?: readonly TopTokens[];
}

const Tensor = z.object({ data: Floats });

const Reply = z.object({
  loss_fn_outputs: z
    .array(
      z.object({
        logprobs: Tensor.nullish(),
        top_k_logprobs: Tensor.nullish(),
        top_k_indices: Tensor.nullish(),
      }),
    )
    .nullish()
    .transform((outputs) => outputs ?? []),
  metrics: Numbers.nullish().transform((metrics) => metrics ?? {}),
});
type Reply = z.output<typeof Reply>;

/** The pass that an answer is to. */
interface Pass {
  readonly kind: 'forward' | 'backward';
  readonly data: readonly TrainingDatum[];
  readonly loss?: Loss;
}

export function passReply(pass: Pass): z.ZodType<PassOutput> {
  return Reply.transform((reply, context): PassOutput => {
    const logprobs = logprobsOf(reply, pass.data);
    const topTokens = pass.loss?.config?.['top_k'] === undefined ? undefined : topTokensOf(reply, pass.data);
    const lossSum = reply.metrics['loss:sum'] ?? summed(logprobs, pass);
    const lacking = lackOf(pass.kind, { logprobs, topTokens, lossSum });
    if (lacking !== undefined) context.addIssue(lacking);
    const top = known(topTokens);
    return {
      lossSum: lossSum ?? Number.NaN,
      logprobs: known(logprobs) ?? [],
      metrics: reply.metrics,
      ...(top && { topTokens: top }),
    };
  });
}

type Told<T> = T | 'misfit' | undefined;

function known<T>(told: Told<T>): T | undefined {
  return told === 'misfit' ? undefined : told;
}

/** What an answer should have said and did not. */
function lackOf(
  kind: Pass['kind'],
  found: { readonly logprobs: Told<unknown>; readonly topTokens: Told<unknown>; readonly lossSum: number | undefined },
): string | undefined {
  if (found.logprobs === 'misfit') return 'one log-probability per target token was expected';
  if (found.topTokens === 'misfit') return 'top_k tokens for each position were expected';
  if (kind === 'forward') return found.logprobs === undefined ? 'a forward pass without log-probabilities' : undefined;
  return found.lossSum === undefined ? 'neither loss:sum nor log-probabilities that make it' : undefined;
}

/** What does not fit its example was computed from another one; undefined where nothing is told. */
function logprobsOf(
  { loss_fn_outputs: outputs }: Reply,
  data: readonly TrainingDatum[],
): Told<readonly (readonly number[])[]> {
  const rows = outputs.map(({ logprobs }) => logprobs?.data);
  if (rows.every((row) => row === undefined)) return undefined;
  const fit = rows.length === data.length && data.every((datum, index) => rows[index]?.length === targetCount(datum));
  return fit ? rows.map((row) => row ?? []) : 'misfit';
}

/** The cross-entropy of log-probabilities; undefined where the loss is another, or a weight is not to be had. */
function summed(told: Told<readonly (readonly number[])[]>, { data, loss }: Pass): number | undefined {
  const logprobs = known(told);
  if (logprobs === undefined || (loss?.name ?? 'cross_entropy') !== 'cross_entropy') return undefined;
  let sum = 0;
  for (const [index, datum] of data.entries()) {
    const weights = weightsOf(datum);
    if (weights === undefined) return undefined;
    // What has no weight does not count, not even where it is infinite.
    logprobs[index]?.forEach((value, at) => (sum -= weights[at] === 0 ? 0 : value * (weights[at] ?? 1)));
  }
  return sum;
}

function topTokensOf({ loss_fn_outputs: outputs }: Reply, data: readonly TrainingDatum[]): Told<readonly TopTokens[]> {
  const all = data.map((datum, index) => {
    const tokens = rowsOf(outputs[index]?.top_k_indices?.data, positionCount(datum));
    const logprobs = rowsOf(outputs[index]?.top_k_logprobs?.data, positionCount(datum));
    return tokens !== undefined && tokens[0]?.length === logprobs?.[0]?.length ? { tokens, logprobs } : undefined;
  });
  const found = all.filter((one): one is TopTokens => one?.logprobs !== undefined);
  return found.length === all.length ? found : 'misfit';
}

/** A flat matrix of so many rows, row by row. */
function rowsOf(flat: readonly number[] | undefined, count: number): readonly (readonly number[])[] | undefined {
  const width = (flat?.length ?? 0) / count;
  if (flat === undefined || !Number.isInteger(width) || width === 0) return undefined;
  return Array.from({ length: count }, (_, row) => flat.slice(row * width, (row + 1) * width));
}
