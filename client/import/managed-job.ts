/**
 * Fine-tuning jobs that a service ran for its customers, as their APIs describe them: Fireworks' supervised and DPO jobs
 * (docs.fireworks.ai, "Get Supervised Fine-tuning Job", "Create DPO Job"), and OpenAI's requests and jobs
 * (platform.openai.com, "Create fine-tuning job"). Read into one form; what has no place in it is named.
 */
import { z } from 'zod';
import { UserError } from '../errors.ts';

export interface ManagedJob {
  readonly kind: 'supervised' | 'preference';
  /** Last part of its name; absent: it was not submitted yet. */
  readonly id?: string;
  readonly title?: string;
  readonly base?: string;
  readonly warmStartFrom?: string;
  /** Jinja. */
  readonly template?: string;
  readonly dataset?: string;
  readonly validation?: string;
  /** A part of the rows is held out by the service. */
  readonly carveOut: boolean;
  readonly earlyStop: boolean;
  readonly epochs?: number;
  /** Examples a step. */
  readonly batchSize?: number;
  /** Tokens a step, packed. */
  readonly batchTokens?: number;
  readonly accumulate?: number;
  readonly learningRate?: number;
  /** Of a rate that the service does not tell. */
  readonly learningRateMultiplier?: number;
  readonly warmupSteps?: number;
  readonly weightDecay?: number;
  readonly loraRank?: number;
  readonly maxTokens?: number;
  readonly loss?: 'dpo' | 'orpo';
  readonly beta?: number;
  readonly seed?: number;
  readonly outputModel?: string;
  /** Fields that say something, and that nothing here corresponds to. */
  readonly unused: readonly string[];
}

const text = z
  .string()
  .nullish()
  .transform((value) => (value === null || value === '' ? undefined : value));
/** 0 is how their APIs write "not given"; so is "auto". */
const number = z
  .union([z.number(), z.literal('auto')])
  .nullish()
  .transform((value) => (typeof value === 'number' && value !== 0 ? value : undefined));
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value === true);

const trainingFields = {
  outputModel: text,
  baseModel: text,
  warmStartFrom: text,
  jinjaTemplate: text,
  learningRate: number,
  maxContextLength: number,
  loraRank: number,
  epochs: number,
  batchSize: number,
  gradientAccumulationSteps: number,
  learningRateWarmupSteps: number,
  batchSizeSamples: number,
  optimizerWeightDecay: number,
};
const jobFields = {
  name: text,
  displayName: text,
  dataset: z.string().min(1),
  evaluationDataset: text,
  evalAutoCarveout: flag,
  earlyStop: flag,
};
const SupervisedJob = z.looseObject({ ...jobFields, ...trainingFields });
const DpoJob = z.looseObject({
  ...jobFields,
  trainingConfig: z.looseObject(trainingFields),
  lossConfig: z.looseObject({ method: text, klBeta: number }).nullish(),
});
const hyperparameters = z.looseObject({
  n_epochs: number,
  batch_size: number,
  learning_rate_multiplier: number,
  beta: number,
});
const method = z.looseObject({ hyperparameters: hyperparameters.nullish() }).nullish();
const OpenAiJob = z.looseObject({
  id: text,
  model: z.string().min(1),
  training_file: z.string().min(1),
  validation_file: text,
  suffix: text,
  seed: z.number().int().nullish(),
  hyperparameters: hyperparameters.nullish(),
  method: z.looseObject({ type: text, supervised: method, dpo: method }).nullish(),
});

/** What a job tells of how it went, or of who saw it; nothing of what it does. */
const OF_ITS_COURSE = new Set(
  (
    'state status createTime completedTime updateTime createdBy jobProgress metricsFileSignedUrl trainerLogsSignedUrl ' +
    'estimatedCost outputModel fineTunedModel object created_at finished_at status error result_files fine_tuned_model ' +
    'trained_tokens organization_id estimated_finish user_provided_suffix'
  ).split(' '),
);

/** One of the jobs of a file: a job, or a list of them as the APIs give it. `wanted`: its name, or the last part of it. */
export function readManagedJob(content: string, wanted?: string): ManagedJob {
  const jobs = jobsIn(parsed(content)).map(jobOf);
  const named = jobs.map(({ id, title }) => id ?? title ?? 'without a name');
  const chosen =
    wanted === undefined ? jobs : jobs.filter(({ id, title }) => id === lastPart(wanted) || title === wanted);
  const [job, another] = chosen;
  if (job === undefined) {
    throw new UserError(
      wanted === undefined ? 'The file has no job in it.' : `The file has no job ${wanted}.`,
      jobs.length === 0 ? 'Give the answer of the call that gets or lists jobs.' : `It has ${named.join(', ')}.`,
    );
  }
  if (another !== undefined)
    throw new UserError(`The file has ${jobs.length} jobs: ${named.join(', ')}.`, 'Choose one with --job.');
  return job;
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw new UserError('The file is not JSON.', 'Give the answer of the call that gets or lists jobs.', { cause });
  }
}

const List = z.union([
  z.array(z.unknown()),
  z.looseObject({ supervisedFineTuningJobs: z.array(z.unknown()) }).transform((list) => list.supervisedFineTuningJobs),
  z.looseObject({ dpoJobs: z.array(z.unknown()) }).transform((list) => list.dpoJobs),
  z.looseObject({ data: z.array(z.unknown()) }).transform((list) => list.data),
]);

function jobsIn(content: unknown): readonly unknown[] {
  const list = List.safeParse(content);
  return list.success ? list.data : [content];
}

function jobOf(content: unknown): ManagedJob {
  const fields = z.looseObject({}).safeParse(content).data ?? {};
  if ('training_file' in fields) return openAiJob(checked(OpenAiJob, content));
  if ('trainingConfig' in fields) return dpoJob(checked(DpoJob, content));
  if ('dataset' in fields) return supervisedJob(checked(SupervisedJob, content));
  throw new UserError(
    'This is no job of a kind that is known.',
    'Known are supervisedFineTuningJobs and dpoJobs of Fireworks (they have a dataset), and jobs of OpenAI (a training_file).',
  );
}

function checked<Schema extends z.ZodType>(schema: Schema, content: unknown): z.output<Schema> {
  const { success, data, error } = schema.safeParse(content);
  if (success) return data;
  const [issue] = error.issues;
  throw new UserError(`The job’s field ${issue?.path.join('.') ?? ''} cannot be read: ${issue?.message ?? ''}.`, '');
}

function supervisedJob(job: z.output<typeof SupervisedJob>): ManagedJob {
  return { kind: 'supervised', ...described(job), ...trained(job), unused: unusedOf(job, SupervisedJob.shape) };
}

function dpoJob(job: z.output<typeof DpoJob>): ManagedJob {
  const { trainingConfig, lossConfig } = job;
  const loss = lossConfig?.method?.toLowerCase();
  if (loss !== undefined && !['method_unspecified', 'dpo', 'orpo'].includes(loss)) {
    throw new UserError(
      `lossConfig.method ${lossConfig?.method ?? ''} is none of preference pairs.`,
      'dpo and orpo are.',
    );
  }
  return {
    kind: 'preference',
    ...described(job),
    ...trained(trainingConfig),
    loss: loss === 'orpo' ? 'orpo' : 'dpo',
    ...present({ beta: lossConfig?.klBeta }),
    unused: [
      ...unusedOf(job, DpoJob.shape),
      ...unusedOf(trainingConfig, trainingFields).map((field) => `trainingConfig.${field}`),
    ],
  };
}

function described(job: z.output<z.ZodObject<typeof jobFields>>): Pick<ManagedJob, 'carveOut' | 'earlyStop'> {
  const { name, displayName, dataset, evaluationDataset, evalAutoCarveout, earlyStop } = job;
  const id = name === undefined ? undefined : lastPart(name);
  const named = present({ id, title: displayName, dataset, validation: evaluationDataset });
  return { ...named, carveOut: evalAutoCarveout && evaluationDataset === undefined, earlyStop };
}

/** Fireworks' own (docs.fireworks.ai, firectl create sftj). */
const DEFAULT_BATCH_TOKENS = 32_768;

function trained(config: z.output<z.ZodObject<typeof trainingFields>>): Partial<ManagedJob> {
  const samples = config.batchSizeSamples;
  return present({
    base: config.baseModel,
    warmStartFrom: config.warmStartFrom,
    template: config.jinjaTemplate,
    epochs: config.epochs,
    batchSize: samples,
    batchTokens: samples === undefined ? (config.batchSize ?? DEFAULT_BATCH_TOKENS) : undefined,
    accumulate: config.gradientAccumulationSteps,
    learningRate: config.learningRate,
    warmupSteps: config.learningRateWarmupSteps,
    weightDecay: config.optimizerWeightDecay,
    loraRank: config.loraRank,
    maxTokens: config.maxContextLength,
    outputModel: config.outputModel,
  });
}

function openAiJob(job: z.output<typeof OpenAiJob>): ManagedJob {
  const kind = openAiKind(job);
  const numbers = job.method?.[kind === 'preference' ? 'dpo' : 'supervised']?.hyperparameters ?? job.hyperparameters;
  return {
    kind,
    carveOut: false,
    earlyStop: false,
    ...present({
      id: job.id,
      title: job.suffix,
      base: job.model,
      dataset: job.training_file,
      validation: job.validation_file,
      loss: kind === 'preference' ? ('dpo' as const) : undefined,
      seed: job.seed ?? undefined,
      outputModel: job.suffix,
    }),
    ...(numbers && present(numbersOf(numbers))),
    unused: unusedOf(job, OpenAiJob.shape),
  };
}

function openAiKind({ method: asked }: z.output<typeof OpenAiJob>): ManagedJob['kind'] {
  const type = asked?.type ?? 'supervised';
  if (type === 'supervised') return 'supervised';
  if (type === 'dpo') return 'preference';
  throw new UserError(`method.type ${type} is none that pawl trains.`, 'supervised and dpo are.');
}

function numbersOf({ n_epochs, batch_size, learning_rate_multiplier, beta }: z.output<typeof hyperparameters>) {
  return { epochs: n_epochs, batchSize: batch_size, learningRateMultiplier: learning_rate_multiplier, beta };
}

/** Fields with something in them that neither is read nor tells of the job's course. */
function unusedOf(job: object, known: object): string[] {
  const says = (value: unknown): boolean =>
    value !== null &&
    value !== undefined &&
    value !== '' &&
    value !== 0 &&
    value !== false &&
    !(typeof value === 'string' && value.endsWith('_UNSPECIFIED')) &&
    !(typeof value === 'object' && !Object.values(value).some(says));
  return Object.entries(job)
    .filter(([field, value]) => !(field in known) && !OF_ITS_COURSE.has(field) && says(value))
    .map(([field]) => field);
}

/** Of a resource's name: its id. */
export function lastPart(name: string): string {
  return name.split('/').at(-1) ?? name;
}

type Present<Fields> = { [Field in keyof Fields]?: Exclude<Fields[Field], undefined> };

function present<Fields extends object>(fields: Fields): Present<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<Fields>;
}
