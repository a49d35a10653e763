/** The sweep file: many trials of one experiment, and what is decided about them. */
import { z } from 'zod';
import { PROMPTS_REFERENCE } from '../words/prompts.ts';
import { NotifySpec } from './notify-spec.ts';
import { PromotionSpec } from './promotion-spec.ts';
import { ParameterPath, ParameterSpec } from './search-space.ts';
import { methodProblems, spaceProblems } from './space-rules.ts';
import { inOwnWords } from './sweep-keys.ts';

/** More would be carried through one workflow than was ever tried. */
const MAX_TRIALS = 10_000;

const positiveInt = z.number().int().positive();
const fraction = z.number().gt(0).lt(1);
const dnsLabel = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,29}[a-z0-9])?$/, 'use 1 to 31 lower-case letters, digits and hyphens, e.g. my-sweep');

const Metric = z
  .strictObject({
    suite: z.string().min(1).optional().describe('the suite whose score counts; default: the one that policy judges'),
    name: z
      .string()
      .min(1)
      .optional()
      .describe('a suite, what its scores are called, or loss: that of validation rows'),
    goal: z.enum(['maximize', 'minimize']).optional().describe("default: the policy's direction; minimize for loss"),
    target: z.number().optional().describe('no further trial is begun once one of them scores at least this'),
  })
  .refine(({ suite, name }) => suite === undefined || name === undefined, {
    path: ['name'],
    error: 'give suite or name, not both',
  });

/** As Optuna's TPESampler has them, whose defaults these are. */
const Search = z.strictObject({
  startup: z.number().int().min(0).default(10).describe('trials at random before any is learned from'),
  candidates: positiveInt.max(1_000).default(24).describe('points that are weighed for each proposal'),
  gamma: fraction.default(0.1).describe('this part of the trials counts as good'),
  maxGood: positiveInt.default(25).describe('but at most so many of them'),
  multivariate: z.boolean().default(false).describe('parameters are learned together, not each for itself'),
  constantLiar: z
    .boolean()
    .default(true)
    .describe('trials that still run count as bad, so that none is proposed twice'),
});

const StopEarly = z
  .strictObject({
    rule: z.enum(['asha', 'hyperband', 'median']),
    reduction: z
      .number()
      .min(2)
      .default(3)
      .describe('one of so many trials goes on from each rung, and rungs are so far apart'),
    unit: z
      .enum(['steps', 'evaluations'])
      .default('steps')
      .describe('what rungs are counted in; evaluations: those after training has begun'),
    minSteps: positiveInt.default(1).describe('of the first rung: nothing is stopped before'),
    maxSteps: positiveInt.optional().describe('nothing is stopped from here on; hyperband needs it'),
    brackets: positiveInt
      .max(20)
      .optional()
      .describe('of hyperband; default: as many as fit between minSteps and maxSteps'),
    certainty: z
      .number()
      .min(0.5)
      .lt(1)
      .optional()
      .describe(
        'a trial lives where the interval of its score, this sure, reaches the threshold; default: the score decides',
      ),
    grace: z
      .number()
      .int()
      .min(0)
      .optional()
      .describe(
        'scores that a rung has before anything is stopped there; of median: trials that have finished; default: 1, 5',
      ),
  })
  .refine(({ rule, maxSteps }) => rule !== 'hyperband' || maxSteps !== undefined, {
    path: ['maxSteps'],
    error: 'is missing: hyperband divides what lies between minSteps and maxSteps. Add the steps of a whole trial',
  })
  .refine(({ minSteps, maxSteps }) => maxSteps === undefined || maxSteps > minSteps, {
    path: ['maxSteps'],
    error: 'must be greater than minSteps, or nothing is ever stopped',
  })
  .refine(({ rule, brackets }) => rule === 'hyperband' || brackets === undefined, {
    path: ['brackets'],
    error: 'only hyperband has brackets. Set rule: hyperband, or leave it out',
  });

const Population = z.strictObject({
  size: positiveInt.min(2).max(1_000).default(8).describe('members, which train at the same time'),
  interval: positiveInt.default(1).describe('evaluations of a member between two looks at it'),
  quantile: z.number().gt(0).max(0.5).default(0.25).describe('of the members, the worst go on from the best'),
  perturb: z
    .tuple([z.number().positive(), z.number().positive()])
    .default([0.8, 1.2])
    .describe('numbers are multiplied by one or the other; of values, the one before or after is taken'),
  resample: z.number().min(0).max(1).default(0.25).describe('how likely a parameter is drawn anew instead'),
});

const Budget = z.strictObject({
  maxCost: z.number().positive().optional().describe('of all trials together, in the currency of `prices`'),
  maxHours: z.number().positive().optional().describe('from the first lease on'),
  account: dnsLabel.optional().describe('a named budget that other runs draw on too'),
});

const Confirm = z.strictObject({
  prompts: z
    .string()
    .min(1)
    .regex(PROMPTS_REFERENCE, 'use a path, sha256:<8 or more digits of a hash>, or alias:<name>')
    .describe('prompts by which no trial was chosen'),
  top: positiveInt.max(100).default(3).describe('so many of the best are asked again; the best of these scores wins'),
});

const SweepFields = z.strictObject({
  name: dnsLabel,
  description: z.string().optional(),
  experiment: z
    .union([z.string().min(1), z.record(z.string(), z.unknown())], 'write the path of an experiment file, or a section')
    .describe('path of an experiment file, from the sweep file; or the experiment itself'),
  method: z.enum(['grid', 'random', 'tpe', 'pbt']),
  metric: Metric.default({}),
  parameters: z.record(ParameterPath, ParameterSpec),
  trials: positiveInt.max(MAX_TRIALS).optional().describe('grid: default all points; pbt: default the population'),
  concurrency: positiveInt.max(1_000).default(1).describe('trials at a time'),
  seed: z.number().int().min(0).max(2_147_483_647).default(1),
  search: Search.prefault({}),
  stopEarly: StopEarly.optional(),
  population: Population.prefault({}),
  budget: Budget.default({}),
  machines: z.enum(['own', 'reuse']).default('own').describe('reuse: a trial takes over what the one before it rented'),
  confirm: Confirm.optional(),
  notify: NotifySpec.optional().describe('who is told of what; default: the service’s own channels'),
  promote: PromotionSpec.optional().describe('the gate of promotion, for the winner'),
});

/** In pawl's own words; what came from Weights & Biases' goes through `readSweep` first. Parsing it again changes nothing. */
export const SweepSpec = SweepFields.superRefine((sweep, context) => {
  for (const { path, message } of [...spaceProblems(sweep.parameters), ...methodProblems(sweep)]) {
    context.addIssue({ code: 'custom', path: [...path], message });
  }
});
export type SweepSpec = z.output<typeof SweepSpec>;
export type StopEarly = z.output<typeof StopEarly>;
export type Population = z.output<typeof Population>;

export type SweepReading =
  | { readonly ok: true; readonly sweep: SweepSpec }
  | {
      readonly ok: false;
      /** Whose paths are those of the file, in the words in which it is written. */
      readonly issues: readonly z.core.$ZodIssue[];
    };

/** A sweep file in either language, with its faults told where they stand in it. */
export function readSweep(input: unknown): SweepReading {
  const { value, placeOf, refused } = inOwnWords(input);
  const parsed = SweepSpec.safeParse(value);
  if (parsed.success && refused.length === 0) return { ok: true, sweep: parsed.data };
  const foreign = refused.map(({ path, message }): z.core.$ZodIssue => ({
    code: 'custom',
    path: [...path],
    message,
    input: undefined,
  }));
  const own = (parsed.error?.issues ?? []).map((issue) => ({ ...issue, path: [...placeOf(issue.path)] }));
  return { ok: false, issues: [...foreign, ...own] };
}
