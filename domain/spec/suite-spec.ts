/** Evaluation suites: a prompt set, how answers are drawn, and how they are graded. The main one is what `policy` judges. */
import { z } from 'zod';
import { GraderSpec, metricOf } from './grader-spec.ts';
import { PROMPTS_REFERENCE } from '../words/prompts.ts';

const positiveInt = z.number().int().positive();

export const suiteFields = {
  prompts: z
    .string()
    .min(1)
    .regex(PROMPTS_REFERENCE, 'use a path, sha256:<8 or more digits of a hash>, or alias:<name>')
    .describe(
      'JSONL, a {"prompt": … or "messages": …, "reference": …} per line; or sha256:… or alias:… of an added set',
    ),
  grader: GraderSpec.default('exact_match').describe(
    'a name, or {name: …} with options, {module: …}, {python: …}, {http: …}, {judge: …}',
  ),
  answerAfter: z
    .union([z.string().min(1), z.literal(false)], 'name the mark that ends the reasoning, or false')
    .optional()
    .describe(
      'the mark that ends the reasoning: what follows the last one is graded; default: </think> where there is one; false: all of it is graded',
    ),
  normalize: z
    .enum(['none', 'nfc'], 'use nfc, or none')
    .optional()
    .describe(
      'Unicode normal form of answers and references before they are compared: é as one character, or as e and an accent; default: none',
    ),
  maxTokens: positiveInt.default(256),
  temperature: z.number().min(0).max(2).default(0),
  limit: positiveInt.optional().describe('ask only the first so many prompts of the set; default: all'),
  samplesPerPrompt: positiveInt.max(256).optional().describe('answers drawn for each prompt; default: 1'),
  passAt: positiveInt
    .optional()
    .describe('score pass@k, the chance that one of k answers is right, from samplesPerPrompt ≥ k of them'),
};

export const SuiteSpec = z.strictObject(suiteFields);
export type SuiteSpec = z.output<typeof SuiteSpec>;

export const FurtherSuite = z.strictObject({
  ...suiteFields,
  every: z
    .union([positiveInt, z.literal('result')], { error: 'use a whole number of checkpoints, or result' })
    .optional()
    .describe(
      'at every so many checkpoints, the baseline and the final one in any case; result: at these alone; default: at each',
    ),
});
export type FurtherSuite = z.output<typeof FurtherSuite>;

/** What the scores of a suite are called: evaluations of another metric are never compared. */
export function suiteMetric({ grader, passAt }: Pick<SuiteSpec, 'grader' | 'passAt'>): string {
  return passAt === undefined ? metricOf(grader) : `pass@${passAt} ${metricOf(grader)}`;
}
