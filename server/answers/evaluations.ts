/** Evaluations, what they are compared with, and the answers that they are made of. */
import { z } from 'zod';
import { count, hash, runId } from './common.ts';

const Sampling = z.strictObject({
  temperature: z.number(),
  maxTokens: count.describe('0: nothing was drawn, the references were looked at'),
  samplesPerPrompt: count,
  passAt: count.optional(),
  stop: z.string().optional(),
});

const subject = {
  id: z.string(),
  checkpoint: z.string().describe('name of the checkpoint'),
  step: count,
  identity: z.string().describe('snapshot that every replica reported'),
  promptSet: hash,
  metric: z.string(),
  suite: z.string().optional().describe('absent: the main one'),
  appraisal: z.string().optional().describe('made beside the run, by this appraisal'),
  grader: z.string().optional().describe('sha256 of the grader with its options'),
  sampling: Sampling.optional(),
};

const scores = {
  score: z.number().describe('mean over the prompts that were answered'),
  low: z.number().describe('of the 95 % interval'),
  high: z.number(),
  samples: count.describe('produced'),
  prompts: count.optional().describe('that have a score; absent: one for each sample'),
  missing: count.describe('samples that could not be produced: missing, never zero'),
  cut: count.optional().describe('of the samples, those that maxTokens ended'),
  unended: count.optional().describe('of the samples, those whose reasoning came to no end'),
  entropy: z.number().optional().describe('nats per token'),
};

export const Evaluation = z
  .strictObject({ ...subject, ...scores })
  .describe('A score with its uncertainty, bound to the one snapshot that answered.');

export const EvaluationRecord = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('scored'), ...subject, ...scores }),
  z
    .strictObject({ kind: z.literal('void'), ...subject, reason: z.string() })
    .describe('The identity changed under it: evidence, never a score.'),
]);

export const Comparison = z
  .strictObject({
    reference: z.string().describe('name of the checkpoint that it is a difference from'),
    mean: z.number(),
    low: z.number().optional().describe('absent: one pair says nothing of the spread'),
    high: z.number().optional(),
    pairs: count.describe('prompts that both answered'),
    pairsToSettle: z.number().optional().describe('prompts that would tell a difference of this size from none'),
  })
  .describe('A difference on the same prompts.');

const Answer = z.strictObject({
  promptIndex: count,
  sampleIndex: count,
  promptHash: hash,
  text: z.string().optional().describe('absent: nothing was answered'),
  finishReason: z.string().optional(),
  score: z.number().optional().describe('absent: it has none, and `error` says why'),
  error: z.string().optional(),
});

const AnswersOf = z.strictObject({
  runId,
  evaluation: Evaluation.extend({ kind: z.literal('scored').optional() }),
  endings: z.record(z.string(), count).describe('how many answers ended in which way'),
});

export const Samples = z
  .strictObject({
    of: AnswersOf,
    beside: AnswersOf.optional(),
    prompts: z.array(
      z.strictObject({
        number: z.int().min(1).describe('in its set'),
        prompt: z.string().optional().describe('absent: the prompt set is not on this machine any more'),
        reference: z.string().optional(),
        answers: z.array(Answer),
        beside: z.array(Answer).optional().describe('what the other checkpoint answered to the same prompt'),
      }),
    ),
    next: count.optional().describe('`after` of the next page; absent: this is the last one'),
  })
  .describe('Answers prompt by prompt, beside those of another checkpoint if that was asked.');

export const Evaluations = z.strictObject({ evaluations: z.array(EvaluationRecord) });
