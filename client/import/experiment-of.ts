/** The experiment that does what a managed job did, as YAML; with what it cannot know, and what it does otherwise. Pure. */
import { stringify } from 'yaml';
import { fromOutside, visible } from '../../domain/words/outside-text.ts';
import { VALIDATION_LOSS } from '../../domain/words/names.ts';
import { MOST_BATCH_TOKENS, RunSpec } from '../../domain/spec/spec.ts';
import { lastPart, type ManagedJob } from './managed-job.ts';

/** What a job does not say. */
export interface ImportOptions {
  readonly shape?: string | undefined;
  readonly tokenizer?: string | undefined;
  readonly data?: string | undefined;
  readonly prompts?: string | undefined;
}

export interface Imported {
  readonly name: string;
  readonly yaml: string;
  /** The job's own chat template, for the file that the experiment names. */
  readonly template?: { readonly file: string; readonly content: string };
  readonly notes: readonly string[];
}

/** No shape and no file is called so: a run is refused as long as it stands there. */
const FILL_IN = 'FILL-IN';

/** Fireworks' own defaults (docs.fireworks.ai, firectl create sftj and dpoj). */
const DEFAULT_MAX_TOKENS = 8_192;
const DEFAULT_EPOCHS = 1;

const DEFAULT_BATCH = 8;
const DEFAULT_RATE = 1e-4;
const HOLDOUT = 0.02;

export function experimentOf(job: ManagedJob, options: ImportOptions): Imported {
  const name = nameOf(job);
  const notes = notesOn(job, options);
  const template = job.template === undefined ? undefined : { file: `${name}.jinja`, content: job.template };
  // What is undefined is left out of the file.
  const document = {
    name,
    loop: job.kind === 'preference' ? 'preference' : undefined,
    model: modelOf(job, options),
    data: dataOf(job, options, template?.file),
    train: trainOf(job),
    checkpoint: { every: 50 },
    evaluate: evaluateOf(job, options),
    policy: policyOf(job),
    promotion: job.outputModel === undefined ? undefined : { alias: name, model: name },
  };
  const title = `A managed job, imported${job.id === undefined ? '' : `: ${job.id}`}. \`pawl check\` says what is wrong.`;
  // Names come from outside: none may end its line, and go on as part of the experiment.
  const comment = [title, ...notes].map((line) => `# ${visible(fromOutside(line, (text) => text))}\n`).join('');
  return { name, yaml: `${comment}${stringify(document)}`, ...(template !== undefined && { template }), notes };
}

function nameOf({ title, outputModel, id }: ManagedJob): string {
  const [name] = [title, outputModel && lastPart(outputModel), id].map(dnsLabel).filter((label) => label !== '');
  return name ?? 'imported';
}

function modelOf({ base, loraRank }: ManagedJob, { shape, tokenizer }: ImportOptions): object {
  return {
    shape: shape ?? FILL_IN,
    base: isModel(base) ? base : undefined,
    tokenizer: tokenizer ?? FILL_IN,
    lora: loraRank === undefined ? undefined : { rank: loraRank },
  };
}

function dataOf(job: ManagedJob, { data }: ImportOptions, chatTemplate: string | undefined): object {
  return {
    train: data ?? fileOf(job.dataset) ?? FILL_IN,
    chatTemplate,
    maxTokens: job.maxTokens ?? DEFAULT_MAX_TOKENS,
    batchByTokens: tokensOf(job)?.budget,
    holdout: job.carveOut ? HOLDOUT : undefined,
  };
}

function trainOf({
  epochs,
  batchSize,
  accumulate = 1,
  learningRate,
  weightDecay,
  warmupSteps,
  ...job
}: ManagedJob): object {
  const accumulated = accumulate * (tokensOf(job)?.batches ?? 1);
  return {
    epochs: epochs ?? DEFAULT_EPOCHS,
    batchSize: batchSize ?? (job.batchTokens === undefined ? DEFAULT_BATCH : undefined),
    accumulate: accumulated === 1 ? undefined : accumulated,
    startFrom: isStart(job.warmStartFrom) ? job.warmStartFrom : undefined,
    optimizer: { learningRate: learningRate ?? DEFAULT_RATE, weightDecay },
    schedule: warmupSteps === undefined ? undefined : { kind: 'constant', warmupSteps },
    seed: job.seed,
    preference: preferenceOf(job),
  };
}

function preferenceOf({ loss, beta }: Pick<ManagedJob, 'loss' | 'beta'>): object | undefined {
  return loss === undefined ? undefined : { loss, beta: loss === 'dpo' ? beta : undefined };
}

/** A job stopped by its validation loss, where it had rows to tell it of. */
function policyOf(job: ManagedJob): object | undefined {
  if (!job.earlyStop) return undefined;
  return validates(job) ? { suite: VALIDATION_LOSS, direction: 'minimize', patience: 3 } : { patience: 3 };
}

function validates({ carveOut, validation }: { carveOut: boolean; validation?: string | undefined }): boolean {
  return carveOut || validation !== undefined;
}

function evaluateOf({ kind, validation }: ManagedJob, { prompts }: ImportOptions): object {
  return {
    prompts: prompts ?? FILL_IN,
    grader: kind === 'preference' ? 'preference_accuracy' : undefined,
    loss: validation === undefined ? undefined : { data: fileOf(validation) },
  };
}

/** Whoever did not choose is told what was chosen, and what will not be the same. */
function notesOn(job: ManagedJob, options: ImportOptions): string[] {
  const asked = [...missing(job, options), ...notSaid(job), ...different(job)];
  const notes = asked.flatMap(([applies, note]) => (applies ? [note] : []));
  return [...notes, ...job.unused.map((field) => `${field}: nothing here corresponds to it.`)];
}

type Note = readonly [applies: boolean, note: string];

function missing({ dataset, validation }: ManagedJob, { shape, tokenizer, prompts, data }: ImportOptions): Note[] {
  const download = (name: string | undefined): string => `download ${name} to ${fileOf(name)}`;
  return [
    [shape === undefined, 'model.shape: name the training shape that fits the base model (--shape).'],
    [tokenizer === undefined, "model.tokenizer: path of the base model's tokenizer.json (--tokenizer)."],
    [
      prompts === undefined,
      'evaluate.prompts: a file of prompts with references, to score checkpoints by (--prompts).',
    ],
    [data === undefined, `data.train: ${download(dataset)}, or name another file (--data).`],
    [validation !== undefined, `evaluate.loss.data: ${download(validation)}.`],
  ];
}

function notSaid({ kind, batchSize, learningRate, loraRank, ...job }: ManagedJob): Note[] {
  const step = `${DEFAULT_BATCH} ${kind === 'preference' ? 'pairs' : 'examples'}`;
  const rate =
    job.learningRateMultiplier === undefined
      ? 'the job left it to the service'
      : `${job.learningRateMultiplier} times a rate that the service does not tell`;
  return [
    [
      batchSize === undefined && job.batchTokens === undefined,
      `train.batchSize: the service chose it; here a step is ${step}.`,
    ],
    [learningRate === undefined, `train.optimizer.learningRate: ${rate}; ${DEFAULT_RATE} is a beginning.`],
    [
      loraRank === undefined,
      'model.lora: the job gave no rank; every weight is trained. Write lora: {rank: 8} for an adapter.',
    ],
  ];
}

function different({
  base,
  warmStartFrom,
  loss,
  beta,
  carveOut,
  earlyStop,
  batchTokens,
  validation,
}: ManagedJob): Note[] {
  return [
    [
      base !== undefined && !isModel(base),
      `model.base: ${base} is not a model of the platform; the shape's own base model is trained.`,
    ],
    [
      warmStartFrom !== undefined && !isStart(warmStartFrom),
      `warmStartFrom ${warmStartFrom}: not the name of a model. Write train.startFrom: accounts/<account>/models/<adapter>.`,
    ],
    [
      loss === 'orpo' && beta !== undefined,
      `lossConfig.klBeta ${beta}: ORPO has no such number; train.preference.lambda weighs its odds ratio.`,
    ],
    [
      carveOut,
      `data.holdout: the service held out a part that it chose; here ${HOLDOUT * 100} % are, by the hashes of rows.`,
    ],
    [
      earlyStop && validates({ carveOut, validation }),
      'policy.suite: the job does not tell how long it waited for a lower loss; here it is three checkpoints.',
    ],
    [
      earlyStop && !validates({ carveOut, validation }),
      'policy.patience: the job stopped by its validation loss, and had no rows for one; a run stops by its score.',
    ],
    [
      batchTokens !== undefined,
      `data.batchByTokens: the job packed rows up to ${batchTokens} tokens as they came; here rows of like length come together.`,
    ],
    [true, 'data.maxTokens: the service cut longer examples; here they are left out, and counted.'],
  ];
}

function isModel(base: string | undefined): base is string {
  return base !== undefined && RunSpec.shape.model.shape.base.safeParse(base).success;
}

function isStart(adapter: string | undefined): boolean {
  return adapter !== undefined && isModel(adapter);
}

/** What a job packed into a step: more than one request can hold is several batches, whose gradients add up. */
function tokensOf({ batchTokens }: Pick<ManagedJob, 'batchTokens'>): { budget: number; batches: number } | undefined {
  if (batchTokens === undefined) return undefined;
  const batches = Math.ceil(batchTokens / MOST_BATCH_TOKENS);
  return { budget: Math.floor(batchTokens / batches), batches };
}

/** A dataset of the service, as the file that it is downloaded to. */
function fileOf(dataset: string | undefined): string | undefined {
  return dataset === undefined ? undefined : `${lastPart(dataset)}.jsonl`;
}

/** At most 31 characters that a run's name may have. */
function dnsLabel(text: string | undefined): string {
  const label = (text ?? '').toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return label.replace(/^-/, '').slice(0, 31).replace(/-$/, '');
}
