/** What a trainer answers, in the words of the port. */
import { z } from 'zod';

const text = z.string().nullish();

export const SessionCreated = z
  .object({ session_id: z.string().min(1), info_message: text, warning_message: text, error_message: text })
  .transform((reply) => ({
    sessionId: reply.session_id,
    notes: [reply.info_message, reply.warning_message, reply.error_message].filter(
      (note): note is string => typeof note === 'string' && note !== '',
    ),
  }));

export const ModelCreated = z
  .object({ model_id: z.string().min(1), rdma_weight_sync_enabled: z.unknown().optional() })
  .refine(
    (reply) => reply.rdma_weight_sync_enabled !== true,
    'this trainer pushes weights by RDMA, which is not supported: have it switched off for the account',
  )
  .transform((reply) => ({ modelId: reply.model_id }));

/**
 * JSON has no NaN: a diverged model's numbers arrive as null. There may be millions of them, and a schema per number
 * costs more than reading the reply.
 */
const Floats = z
  .custom<readonly (number | null)[]>(
    (value) => Array.isArray(value) && value.every((item) => item === null || typeof item === 'number'),
    'expected an array of numbers',
  )
  .transform((values) => values.map((value) => value ?? Number.NaN));

/** Metrics are free-form; what is not a number is not a metric. */
const Numbers = z.record(z.string(), z.unknown()).transform((metrics) => {
  const entries = Object.entries(metrics).map(([name, value]) => [name, value === null ? Number.NaN : value] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
});

export const Metrics = z
  .object({ metrics: Numbers.nullish() })
  .transform((reply) => ({ metrics: reply.metrics ?? {} }));

export const ForwardBackwardOutput = z
  .object({
    loss_fn_outputs: z.array(z.object({ logprobs: z.object({ data: Floats }) })),
    metrics: Numbers.refine((metrics) => 'loss:sum' in metrics, 'loss:sum is missing'),
  })
  .transform((reply) => ({
    lossSum: reply.metrics['loss:sum'] ?? Number.NaN,
    logprobs: reply.loss_fn_outputs.map((output) => output.logprobs.data),
    metrics: reply.metrics,
  }));

export const Path = z.object({ path: z.string().min(1) });
