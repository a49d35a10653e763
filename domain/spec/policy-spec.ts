/** What is decided by: the policy of an experiment, as data. */
import { z } from 'zod';

const positiveInt = z.number().int().positive();
const minGain = z.number().min(0).default(0).describe('what counts as a gain over the best score so far');

/** Fields of an experiment by their paths, and what they are to be. */
const Changes = z
  .record(z.string(), z.union([z.number(), z.string(), z.boolean()]))
  .refine((changes) => Object.keys(changes).length > 0, {
    error: 'changes nothing; name a field, e.g. {"train.optimizer.learningRate": 0.003}',
  });

const Plateau = z.strictObject({
  patience: positiveInt.describe('evaluations without a gain that make a plateau'),
  minGain,
  branches: z
    .array(Changes)
    .min(1)
    .max(8)
    .optional()
    .describe('changes to branch with from the best checkpoint, e.g. [{"train.optimizer.learningRate": 0.003}]'),
  trial: positiveInt.default(1).describe('evaluations that each branch has before the best of them goes on alone'),
});

const Spike = z.strictObject({
  factor: z.number().gt(1).describe('how many times the usual loss a step may report'),
  window: positiveInt.max(1000).default(20).describe('the usual loss: the median of so many steps before'),
});

export const PolicySpec = z.strictObject({
  direction: z.enum(['maximize', 'minimize']).default('maximize'),
  suite: z
    .string()
    .min(1)
    .optional()
    .describe('the suite whose evaluations are judged, or validation-loss; default: main'),
  target: z.number().optional().describe('stop as soon as an evaluation scores at least this'),
  settle: z
    .boolean()
    .optional()
    .describe('ask more prompts of a suite with a limit where the interval leaves it open if the target is reached'),
  patience: positiveInt.optional().describe('stop after this many evaluations without a gain'),
  minGain,
  plateau: Plateau.optional().describe('after so many evaluations without a gain: branch, or stop without branches'),
  maxLoss: z.number().positive().optional().describe('stop at once when a step reports a mean loss above this'),
  spike: Spike.optional().describe('stop at once when a step reports a loss far above those before it'),
  minEntropy: z
    .number()
    .positive()
    .optional()
    .describe('stop when the answers carry less than this, in nats per token; for suites with a temperature'),
});
export type PolicySpec = z.output<typeof PolicySpec>;
