/** How answers are graded: a name, or a name with its options, a module, an endpoint, or a model that judges. */
import { z } from 'zod';
import { codePath, isCode, moduleFields, pythonFields, workersVariable } from './code-spec.ts';

const url = z
  .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
  .refine((text) => !/\/\/[^/]*@/.test(text), 'must not hold a password: name a variable in keyVariable');

const keyVariable = workersVariable
  .optional()
  .describe('variable of the worker’s environment that holds the key; it is sent as a bearer token');

const concise = {
  binary: z.boolean().default(false).describe('scores are only 0 and 1, which calls for another confidence interval'),
  timeoutSeconds: z.number().positive().max(600).default(60),
};

function isLocale(tag: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    return false;
  }
}

const SIMPLE = [
  'exact_match',
  'edit_similarity',
  'token_accuracy',
  'multiple_choice',
  'numeric',
  'regex',
  'json_schema',
  'contains',
  'starts_with',
  'f1',
  'rouge_l',
  'math',
  'code',
  'perplexity',
  'preference_accuracy',
] as const;

const MultipleChoice = z.strictObject({
  name: z.literal('multiple_choice'),
  choices: z
    .string()
    .regex(/^[A-Z]{2,26}$/, 'list the letters, e.g. ABCD')
    .default('ABCDEFGHIJ'),
});

const Numeric = z.strictObject({
  name: z.literal('numeric'),
  tolerance: z.number().min(0).default(0).describe('absolute'),
  relativeTolerance: z.number().min(0).default(0).describe('as a fraction of the reference'),
  answer: z
    .enum(['last', 'boxed'])
    .optional()
    .describe('the last number, or that in the last \\boxed{…}; default: boxed where there is one, else the last'),
  locale: z
    .string()
    .refine(isLocale, 'must be a BCP 47 tag, e.g. en, de or fr-CH')
    .default('en')
    .describe('how numbers are written: 1,234.5 (en), 1.234,5 (de), 1 234,5 (fr)'),
});

const Regex = z.strictObject({
  name: z.literal('regex'),
  pattern: z.string().min(1).optional().describe('default: the reference of each prompt'),
  flags: z
    .string()
    .regex(/^[imsu]*$/, 'use i, m, s and u')
    .default(''),
});

const JsonSchema = z.strictObject({
  name: z.literal('json_schema'),
  schema: z.record(z.string(), z.unknown()).optional().describe('default: the reference of each prompt'),
});

const Holds = z.strictObject({
  name: z.enum(['contains', 'starts_with']),
  ignoreCase: z.boolean().default(false),
});

const Overlap = z.strictObject({ name: z.enum(['f1', 'rouge_l']) });

const Mathematics = z.strictObject({ name: z.literal('math') });

const Tests = z.strictObject({
  name: z.literal('code'),
  timeoutSeconds: z.number().min(1).max(600).default(10).describe('of computing, for one answer with its tests'),
  memoryMegabytes: z.number().int().min(64).default(1024).describe('for one answer with its tests'),
  continues: z.boolean().default(false).describe('answers without a block of code go on where the prompt ends'),
});

const Perplexity = z.strictObject({ name: z.literal('perplexity') });

const PreferenceAccuracy = z.strictObject({
  name: z.literal('preference_accuracy'),
  average: z
    .boolean()
    .default(false)
    .describe(
      'compares the means over tokens of both answers, in place of their sums, so that none gains by being short',
    ),
});

const Module = z.strictObject({ ...moduleFields, binary: concise.binary });
const Python = z.strictObject({ ...pythonFields, binary: concise.binary });

const Http = z.strictObject({
  http: z.strictObject({ url, keyVariable, ...concise }),
});

const Judge = z.strictObject({
  judge: z.strictObject({
    url: url.describe('of an OpenAI-compatible API, e.g. https://api.example.com/v1'),
    model: z.string().min(1),
    keyVariable,
    rubric: z.string().min(1).optional().describe('what a good answer is, in the judge’s instructions'),
    maxScore: z.number().positive().default(1).describe('what the judge gives to a perfect answer'),
    parameters: z
      .record(z.string(), z.union([z.number(), z.string(), z.boolean()]))
      .default({ temperature: 0 })
      .describe('of the request to the model'),
    ...concise,
  }),
});

/** More is better for every grader, and all scores are from 0 to 1. */
export const GraderSpec = z.union([
  z.enum(SIMPLE),
  MultipleChoice,
  Numeric,
  Regex,
  JsonSchema,
  Holds,
  Overlap,
  Mathematics,
  Tests,
  Perplexity,
  PreferenceAccuracy,
  Module,
  Python,
  Http,
  Judge,
]);
export type GraderSpec = z.output<typeof GraderSpec>;

export type ProvidedGrader = 'math' | 'code' | z.output<typeof Mathematics> | z.output<typeof Tests>;

/** Pawl's own, in Python: it runs where users' code runs. */
export function isProvided<Choice>(choice: Choice): choice is Extract<Choice, ProvidedGrader> {
  const name = typeof choice === 'object' && choice !== null && 'name' in choice ? choice.name : choice;
  return name === 'math' || name === 'code';
}

/** With defaults in place of a bare name. */
export function optionsOf(grader: ProvidedGrader): Exclude<ProvidedGrader, string> {
  if (typeof grader !== 'string') return grader;
  return grader === 'math' ? Mathematics.parse({ name: grader }) : Tests.parse({ name: grader });
}

export type Likelihood =
  'perplexity' | 'preference_accuracy' | z.output<typeof Perplexity> | z.output<typeof PreferenceAccuracy>;

/** Looks at how likely the model finds the references; every other grader looks at answers. */
export function isLikelihood(grader: GraderSpec): grader is Likelihood {
  const name = typeof grader === 'object' && 'name' in grader ? grader.name : grader;
  return name === 'perplexity' || name === 'preference_accuracy';
}

/** Undefined: it looks at one answer a prompt. Otherwise at two, of which one is to be found likelier. */
export function comparison(grader: Likelihood): { readonly average: boolean } | undefined {
  if (typeof grader === 'string') return grader === 'preference_accuracy' ? { average: false } : undefined;
  return grader.name === 'preference_accuracy' ? grader : undefined;
}

/** What its scores are called: evaluations of another metric are never compared. */
export function metricOf(grader: GraderSpec): string {
  // Less perplexed is better, and a score is more: so it is the reciprocal.
  if (isLikelihood(grader)) {
    const compared = comparison(grader);
    if (compared === undefined) return '1/perplexity';
    return compared.average ? 'preference_accuracy by means' : 'preference_accuracy';
  }
  if (typeof grader === 'string') return grader;
  if ('name' in grader) return grader.name;
  if (isCode(grader)) return stem(codePath(grader));
  return 'http' in grader ? 'http' : `judge ${grader.judge.model}`;
}

/** `./graders/rhyme.mjs` → `rhyme` */
function stem(path: string): string {
  return (path.split('/').at(-1) ?? path).replace(/\.[a-z]+$/, '');
}
