/** The numbered operations of a model: each reads a request and says what happens when its turn comes. */
import type { z } from 'zod';
import { CallError } from '../child.ts';
import { renamedState } from '../dialect.ts';
import type { Ledger } from '../ledger.ts';
import { DnsLabel, parse } from '../validate.ts';
import type { Models } from '../promotion/models.ts';
import { examplesOf } from './batch.ts';
import type { TrainerJobs } from './jobs.ts';
import { lossConfig } from './loss-config.ts';
import type { Example, OptimStepResult, ScoreResult, TopK } from './messages.ts';
import type { LiveModel, TrainerRuntime } from './runtime.ts';
import * as schemas from './schemas.ts';

interface OperationContext {
  readonly jobs: TrainerJobs;
  readonly ledger: Ledger;
  readonly models: Models;
  readonly runtime: TrainerRuntime;
}

interface Submission {
  readonly modelId: string;
  readonly seq: number;
  readonly run: (model: LiveModel) => Promise<object>;
}

type Operation = (context: OperationContext, body: unknown) => Submission;

function operation<Schema extends z.ZodType<{ model_id: string; seq_id: number }>>(
  schema: Schema,
  run: (context: OperationContext, model: LiveModel, request: z.output<Schema>) => Promise<object>,
  check: (request: z.output<Schema>) => void = () => undefined,
): Operation {
  return (context, body) => {
    const request = parse(schema, body, 422);
    check(request);
    return {
      modelId: request.model_id,
      seq: request.seq_id,
      run: async (model) => {
        model.ledger.lastSeq = request.seq_id;
        try {
          return await run(context, model, request);
        } finally {
          context.ledger.write(context.runtime.options.job);
        }
      },
    };
  };
}

/** By the name of their endpoint. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  forward: operation(
    schemas.Forward,
    (context, model, request) => score(context, model, 'forward', request.forward_input),
    ({ forward_input: input }) => void configOf('forward', input),
  ),
  forward_backward: operation(
    schemas.ForwardBackward,
    (context, model, request) => score(context, model, 'forward_backward', request.forward_backward_input),
    ({ forward_backward_input: input }) => void configOf('forward_backward', input),
  ),
  optim_step: operation(schemas.OptimStep, optimStep),
  save_weights: operation(schemas.SaveWeights, saveWeights),
  save_weights_for_sampler: operation(schemas.SaveWeightsForSampler, saveForSampler),
  load_weights: operation(schemas.LoadWeights, loadWeights),
  load_adapter: operation(schemas.LoadAdapter, loadAdapter),
};

type ScoreOp = 'forward' | 'forward_backward';

function configOf(op: ScoreOp, input: schemas.ScoreInput): ReturnType<typeof lossConfig> {
  return lossConfig(op, input.loss_fn, input.loss_fn_config);
}

async function score(
  { runtime }: OperationContext,
  model: LiveModel,
  op: ScoreOp,
  input: schemas.ScoreInput,
): Promise<object> {
  const { baseModel, dialect } = runtime.options;
  const reading = { loss: input.loss_fn, config: baseModel.config, strict: dialect.strictInputs };
  const batch = examplesOf(input.data, reading);
  const request = { op, model: model.id, loss: input.loss_fn, config: configOf(op, input), batch };
  const result = await runtime.call<ScoreResult>(request);
  if (op === 'forward') {
    model.ledger.forwardCalls += 1;
  } else {
    model.ledger.forwardBackwardCalls += 1;
    model.ledger.datums += batch.length;
    model.ledger.tokens += batch.reduce((sum, { sequence }) => sum + sequence.tokens.length, 0);
  }
  const told = op === 'forward' ? 'on' : dialect.backwardLogprobs;
  const silent = op === 'forward' && !dialect.forwardMetrics;
  return {
    loss_fn_output_type: 'TorchLossReturn',
    loss_fn_outputs:
      told === 'off' ? [] : batch.map((example, i) => (told === 'empty' ? {} : outputOf(result, example, i))),
    metrics: silent ? {} : { 'loss:sum': result.loss, 'local_input_sequences:sum': batch.length, ...result.metrics },
  };
}

function outputOf(result: ScoreResult, { sequence: { tokens, width } }: Example, index: number): object {
  const shape = width === undefined ? [tokens.length] : [tokens.length, width];
  const logprobs = tensor(result.logprobs[index] ?? [], 'float32', shape);
  return { logprobs, ...topK(result.topK?.[index], tokens.length) };
}

function topK(found: TopK | undefined, positions: number): object {
  if (found === undefined) return {};
  const shape = [positions, found.indices.length / Math.max(1, positions)];
  return {
    top_k_logprobs: tensor(found.logprobs, 'float32', shape),
    top_k_indices: tensor(found.indices, 'int64', shape),
  };
}

function tensor(values: ArrayLike<number>, dtype: 'float32' | 'int64', shape: readonly number[]): object {
  return { data: Array.from(values), dtype, shape };
}

async function optimStep(
  { runtime }: OperationContext,
  model: LiveModel,
  request: z.output<typeof schemas.OptimStep>,
): Promise<object> {
  const adam = request.adam_params;
  const emit = adam.emit_grad_norm_metrics;
  const result = await runtime.call<OptimStepResult>({
    op: 'optim_step',
    model: model.id,
    adam: {
      learningRate: adam.learning_rate,
      beta1: adam.beta1,
      beta2: adam.beta2,
      eps: adam.eps,
      weightDecay: adam.weight_decay,
      gradClipNorm: adam.grad_clip_norm,
    },
    normalization: request.grad_accumulation_normalization ?? 'none',
    normMetrics: emit === true || emit === 'basic' || emit === 'detailed',
  });
  model.ledger.optimizerSteps += 1;
  return { type: 'optim_step', metrics: result.metrics };
}

async function saveWeights(
  { runtime, jobs }: OperationContext,
  model: LiveModel,
  { path: asked }: z.output<typeof schemas.SaveWeights>,
): Promise<object> {
  const path = runtime.options.dialect.renameStates ? renamedState(asked) : asked;
  await runtime.call({ op: 'save_state', model: model.id, name: path });
  const type = model.lora === undefined ? 'CHECKPOINT_TYPE_TRAINING' : 'CHECKPOINT_TYPE_TRAINING_LORA';
  jobs.addCheckpoint(runtime.options.job, path, type, false);
  return { path, type: 'save_weights' };
}

async function saveForSampler(
  { runtime, jobs }: OperationContext,
  model: LiveModel,
  { path, checkpoint_type: kind, export_precision: precision }: z.output<typeof schemas.SaveWeightsForSampler>,
): Promise<object> {
  await runtime.call({
    op: 'save_snapshot',
    model: model.id,
    identity: path,
    kind,
    precision: kind === 'merged_base' ? (precision ?? 'source') : 'source',
  });
  const { job } = runtime.options;
  if (kind === 'delta') jobs.addCheckpoint(job, path, 'CHECKPOINT_TYPE_INFERENCE_ARC_V2', false);
  else if (kind === 'merged_base' || model.lora === undefined) {
    jobs.addCheckpoint(job, path, 'CHECKPOINT_TYPE_INFERENCE_BASE', true);
  } else jobs.addCheckpoint(job, path, 'CHECKPOINT_TYPE_INFERENCE_LORA', true);
  return { path, type: 'save_weights_for_sampler' };
}

async function loadAdapter(
  { runtime, models }: OperationContext,
  model: LiveModel,
  { adapter_path: name }: z.output<typeof schemas.LoadAdapter>,
): Promise<object> {
  const adapter = models.adapter(name);
  if (adapter === undefined) {
    throw new CallError({
      message: `adapter "${name}" is not a promoted LoRA model of this account`,
      category: 'user',
    });
  }
  await runtime.call({ op: 'load_adapter', model: model.id, name, ...adapter });
  return { model_id: model.id, adapter_path: name };
}

async function loadWeights(
  { runtime, jobs }: OperationContext,
  model: LiveModel,
  { path, optimizer }: z.output<typeof schemas.LoadWeights>,
): Promise<object> {
  const { job, name } = checkpointReference(path, runtime.options.job);
  // The other job must be this account's: its record says so, even after it was deleted.
  try {
    jobs.get(job);
  } catch {
    throw new CallError({ message: `trainer job "${job}" of checkpoint "${path}" was not found`, category: 'user' });
  }
  await runtime.call({ op: 'load_state', model: model.id, bucket: jobs.bucket(job), name, optimizer });
  return { path, type: 'load_weights' };
}

function checkpointReference(path: string, ownJob: string): { job: string; name: string } {
  const cross = /^cross_job:\/\/([^/]+)\/([^/]+)$/.exec(path);
  const job = DnsLabel.safeParse(cross?.[1] ?? ownJob);
  const name = DnsLabel.safeParse(cross?.[2] ?? path);
  if (!job.success || !name.success) {
    throw new CallError({
      message: `"${path.slice(0, 200)}" is neither a checkpoint name nor cross_job://JOB/NAME`,
      category: 'user',
    });
  }
  return { job: job.data, name: name.data };
}
