/** The experiment file: its schema, defaults and rules. One place says what a run may be asked to do. */
import { z } from 'zod';
import { codeOptions, moduleFields, pythonFields, PythonSpec } from './code-spec.ts';
import { NotifySpec } from './notify-spec.ts';
import { PolicySpec } from './policy-spec.ts';
import { PreferenceSpec } from './preference-spec.ts';
import { PromotionSpec } from './promotion-spec.ts';
import { FurtherSuite, suiteFields } from './suite-spec.ts';
import { ValidationSpec } from './validation-spec.ts';

const dnsLabel = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,29}[a-z0-9])?$/, 'use 1 to 31 lower-case letters, digits and hyphens, e.g. my-run');
const path = z.string().min(1);
const positiveInt = z.number().int().positive();
const unit = z.number().min(0).max(1);

/** AdamW as the trainer applies it (protocol defaults; eps is outside the square root). */
const Optimizer = z.strictObject({
  learningRate: z.number().positive(),
  beta1: unit.default(0.9),
  beta2: unit.default(0.95),
  eps: z.number().positive().default(1e-12),
  weightDecay: z.number().min(0).default(0),
  gradClipNorm: z.number().min(0).default(0).describe('0 switches clipping off'),
});

/** Learning rate over steps: multiplies `optimizer.learningRate`. */
const Schedule = z.strictObject({
  kind: z.enum(['constant', 'linear', 'cosine', 'wsd']).default('constant'),
  warmupSteps: z.number().int().min(0).default(0),
  finalFraction: unit.default(0).describe('learning rate at the last step, as a fraction of the peak'),
  decayFraction: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe('wsd: the last part of the run, in which the rate falls; default 0.2'),
});

/** From a step on another rate than `optimizer.learningRate`: what `pawl set` writes, and its branches repeat. */
const RateChanges = z
  .array(z.strictObject({ fromStep: positiveInt, learningRate: z.number().positive() }))
  .max(200)
  .refine((rates) => rates.every(({ fromStep }, at) => fromStep >= (rates[at - 1]?.fromStep ?? 1)), {
    error: 'steps must not fall from one entry to the next',
  });

/** What is minimised. Whatever is not the trainer's own loss costs a second pass per step. */
const checkGradient = z
  .boolean()
  .default(true)
  .describe('a gradient of your own is compared with finite differences of the loss before anything is rented');
const Objective = z.union([
  z.strictObject({ name: z.enum(['cross_entropy', 'focal', 'sequence_mean']), options: codeOptions }),
  z.strictObject({ ...moduleFields, checkGradient }),
  z.strictObject({ ...pythonFields, checkGradient }),
]);

const Lora = z.strictObject({
  rank: positiveInt,
  alpha: z.number().positive().default(32),
  trainUnembed: z.boolean().default(true),
  trainMlp: z.boolean().default(true),
  trainAttn: z.boolean().default(true),
});

const Budget = z.strictObject({
  maxHours: z.number().positive().optional().describe('from the first lease on'),
  maxCost: z.number().positive().optional().describe('in the currency of `prices`'),
  maxTokens: positiveInt.optional().describe('tokens trained on; steps done again count again'),
  account: dnsLabel.optional().describe('a named budget that other runs draw on too: pawl budgets set'),
});

/** How much lost work a run may do again before it gives up. */
const Recovery = z.strictObject({
  maxRewinds: z.number().int().min(0).default(20).describe('in a row, none of which led to a later saved state'),
  maxLostHours: z.number().positive().default(4).describe('rented time that is trained again, all together'),
  parkHours: z
    .number()
    .min(0)
    .default(1)
    .describe('machines are kept so long while the key is refused; then returned, and the run waits without them'),
});

/** What a rented hour costs. The sandbox costs nothing; the real platform's prices are yours to state. */
const Prices = z.strictObject({
  trainerPerHour: z.number().min(0).default(0),
  replicaPerHour: z.number().min(0).default(0),
  currency: z.string().default('USD'),
});

/** Told together with whatever else is wrong with the section. */
const always = { when: ({ value }: { value: unknown }): boolean => typeof value === 'object' && value !== null };

const Train = z
  .strictObject({
    // 0: not known yet, as `epochs` is given; known once the data is pinned.
    steps: z.number().int().min(0).default(0).describe('or give epochs'),
    epochs: positiveInt.optional().describe('in place of steps: how often every example is trained on'),
    // 0: batches are made by tokens.
    batchSize: z.number().int().min(0).max(1024).default(0).describe('rows a batch; or give data.batchByTokens'),
    accumulate: positiveInt.max(1024).optional().describe('batches per step, whose gradients add up; default 1'),
    optimizer: Optimizer,
    rateChanges: RateChanges.optional().describe(
      'from a step on, a rate in place of optimizer.learningRate: [{fromStep: 61, learningRate: 1e-4}]',
    ),
    startFrom: z
      .string()
      .regex(
        /^(accounts\/[^/]+\/models\/[^/]+|alias:[a-z0-9]([a-z0-9-]{0,29}[a-z0-9])?|[a-z0-9-]+@[\w.-]+)$/,
        'use accounts/<account>/models/<adapter>, alias:<name>, or RUN@STEP',
      )
      .optional()
      .describe('weights to begin with, with a fresh optimizer: an adapter, alias:<name> of one, or RUN@STEP'),
    schedule: Schedule.default({ kind: 'constant', warmupSteps: 0, finalFraction: 0 }),
    seed: z.number().int().min(0).max(2_147_483_647).default(1),
    windowSteps: positiveInt.optional().describe('steps per activity; default: about ten seconds of work'),
    objective: Objective.optional().describe(
      '{name: …}, {module: ./path.mjs} or {python: ./path.py}; default: cross_entropy',
    ),
    preference: PreferenceSpec.optional().describe('of loop: preference; default: {loss: dpo}'),
  })
  .refine(({ steps, epochs }) => steps !== 0 || epochs !== undefined, {
    ...always,
    path: ['steps'],
    error: 'give at least 1, or epochs',
  })
  .refine(({ steps, epochs }) => steps === 0 || epochs === undefined, {
    ...always,
    path: ['epochs'],
    error: 'give steps or epochs, not both',
  });

/** A batch by tokens is one request, which the trainer takes up to five million bytes of: thirty a token. */
export const MOST_BATCH_TOKENS = 131_072;

/** One experiment: everything a run needs to know, and nothing secret. */
export const RunSpec = z.strictObject({
  name: dnsLabel,
  tags: z
    .array(z.string().regex(/^[\w.-]{1,40}$/, 'use 1 to 40 letters, digits, dots, hyphens and underscores'))
    .max(20)
    .optional()
    .describe('by which runs are found again: pawl list --tag'),
  loop: z
    .enum(['supervised', 'preference'])
    .optional()
    .describe('what is learned: the rows as they are, or which of two answers is preferred; default: supervised'),
  model: z.strictObject({
    shape: z
      .string()
      .regex(
        /^accounts\/[^/]+\/trainingShapes\/[^/]+(\/versions\/[^/]+)?$/,
        'use accounts/<account>/trainingShapes/<shape>, optionally with /versions/<version>',
      ),
    base: z
      .string()
      .regex(
        /^(accounts\/[^/]+\/models\/[^/]+|alias:[a-z0-9]([a-z0-9-]{0,29}[a-z0-9])?)$/,
        'use accounts/<account>/models/<model>, or alias:<name> for what an alias stands for when the run is planned',
      )
      .optional()
      .describe("a model, or alias:<name> of a promoted one; default: the shape's own base model"),
    tokenizer: z.string().min(1).describe('path of a Hugging Face tokenizer.json, from the experiment file'),
    lora: Lora.optional().describe('absent: every weight is trained'),
    referenceShape: z
      .string()
      .regex(
        /^accounts\/[^/]+\/trainingShapes\/[^/]+(\/versions\/[^/]+)?$/,
        'use accounts/<account>/trainingShapes/<shape>, optionally with /versions/<version>',
      )
      .optional()
      .describe('loop: preference without lora: shape of the frozen reference; default: the platform chooses'),
  }),
  data: z.strictObject({
    train: z
      .union([path, z.array(path).min(1)], 'write a path, or a list of paths')
      .describe('JSONL, a folder of it, or a list; {"prompt": …, "completion": …} or {"messages": …} per line'),
    chatTemplate: path.optional().describe("Jinja file that renders messages; default: the tokenizer's own"),
    chatTemplateArguments: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('variables of the chat template, for every conversation and prompt, e.g. {enable_thinking: false}'),
    format: z
      .enum(['text', 'messages', 'sharegpt', 'alpaca'])
      .optional()
      .describe('how rows are written; default: seen by what each holds'),
    ignore: z.array(z.string()).optional().describe('columns of the data that are not to be used'),
    addBeginning: z
      .boolean()
      .optional()
      .describe("the tokenizer's beginning token before prompts that are text; default: as transformers does"),
    date: z
      .union([z.iso.date(), z.iso.datetime({ local: true })], 'write a day, e.g. 2026-01-31, or 2026-01-31T09:30:00')
      .optional()
      .describe(
        'what day it is for chat templates that ask, and what time if they ask that; default: the day of submission',
      ),
    trainOn: z
      .enum(['all-assistant', 'last-assistant', 'each-assistant'])
      .optional()
      .describe('turns of messages that are trained on (each-assistant: an example for each); default: all-assistant'),
    maxTokens: positiveInt.default(2048).describe('longer examples are dropped, and counted'),
    batchByTokens: positiveInt
      .max(MOST_BATCH_TOKENS)
      .optional()
      .describe('in place of train.batchSize: rows of like length together, so many tokens a batch at most'),
    holdout: z
      .number()
      .gt(0)
      .lt(1)
      .optional()
      .describe('this part of the rows, by their hashes, is never trained on: its loss is told at each checkpoint'),
    endToken: z.string().optional().describe('appended to every completion, and the stop of every sample'),
  }),
  train: Train,
  checkpoint: z.strictObject({
    every: positiveInt.describe('steps'),
    baseEvery: positiveInt.default(10).describe('a base snapshot after this many checkpoints; deltas between'),
  }),
  evaluate: z.strictObject({
    ...suiteFields,
    mode: z
      .enum(['overlapped', 'blocking'])
      .default('overlapped')
      .describe('overlapped: training goes on while the last checkpoint is synced and evaluated'),
    concurrency: positiveInt.max(256).default(16),
    loss: ValidationSpec.optional().describe('rows whose loss is told at each checkpoint, forward only'),
    suites: z
      .record(dnsLabel, FurtherSuite)
      .optional()
      .describe('further suites by name, beside the main one that the fields above make'),
  }),
  deployment: z
    .strictObject({
      replicas: positiveInt.max(16).default(1),
      onFinish: z.enum(['delete', 'scale-to-zero', 'keep']).default('delete'),
    })
    .default({ replicas: 1, onFinish: 'delete' }),
  python: PythonSpec.optional().describe('which Python runs files of yours; default: the worker’s, PAWL_PYTHON'),
  policy: PolicySpec.default({ direction: 'maximize', minGain: 0 }),
  promotion: PromotionSpec.optional().describe('asked for once the run has finished and returned its machines'),
  notify: NotifySpec.optional().describe('who is told of what; default: the service’s own channels'),
  budget: Budget.default({}),
  recovery: Recovery.default({ maxRewinds: 20, maxLostHours: 4, parkHours: 1 }),
  prices: Prices.default({ trainerPerHour: 0, replicaPerHour: 0, currency: 'USD' }),
});
export type RunSpec = z.output<typeof RunSpec>;
