/** The experiment that does what a managed job did, as YAML; with what it cannot know, and what it does otherwise. Pure. */
import { stringify } from 'yaml';
import { fromOutside, visible } from '../../domain/words/outside-text.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
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
const DEFAULT_TOKENS_PER_STEP = 32_768;
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
    policy: job.earlyStop ? { patience: 3 } : undefined,
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
    holdout: job.carveOut ? HOLDOUT : undefined,
  };
}

function trainOf({
  epochs,
  batchSize,
  accumulate,
  learningRate,
  weightDecay,
  warmupSteps,
  ...job
}: ManagedJob): object {
  return {
    epochs: epochs ?? DEFAULT_EPOCHS,
    batchSize: batchSize ?? DEFAULT_BATCH,
    accumulate: accumulate === 1 ? undefined : accumulate,
    startFrom: isStart(job.warmStartFrom) ? job.warmStartFrom : undefined,
    optimizer: { learningRate: learningRate ?? DEFAULT_RATE, weightDecay },
    schedule: warmupSteps === undefined ? undefined : { kind: 'constant', warmupSteps },
    seed: job.seed,
    preference:
      job.loss === undefined ? undefined : { loss: job.loss, beta: job.loss === 'dpo' ? job.beta : undefined },
  };
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
  const tokens = job.batchTokens ?? DEFAULT_TOKENS_PER_STEP;
  const step = `${DEFAULT_BATCH} ${kind === 'preference' ? 'pairs' : 'examples'}`;
  const rate =
    job.learningRateMultiplier === undefined
      ? 'the job left it to the service'
      : `${job.learningRateMultiplier} times a rate that the service does not tell`;
  return [
    [
      batchSize === undefined,
      `train.batchSize: the job packed up to ${tokens} tokens into a step; here a step is ${step}. ` +
        '`pawl check` shows how many tokens that is.',
    ],
    [learningRate === undefined, `train.optimizer.learningRate: ${rate}; ${DEFAULT_RATE} is a beginning.`],
    [
      loraRank === undefined,
      'model.lora: the job gave no rank; every weight is trained. Write lora: {rank: 8} for an adapter.',
    ],
  ];
}

function different({ base, warmStartFrom, loss, beta, carveOut, earlyStop }: ManagedJob): Note[] {
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
    [earlyStop, 'policy.patience: the job stopped by its validation loss; a run stops by the score of its prompts.'],
    [true, 'data.maxTokens: the service cut longer examples; here they are left out, and counted.'],
  ];
}

function isModel(base: string | undefined): base is string {
  return base !== undefined && RunSpec.shape.model.shape.base.safeParse(base).success;
}

function isStart(adapter: string | undefined): boolean {
  return adapter !== undefined && isModel(adapter);
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
