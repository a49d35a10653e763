/** The numbered operations of a model: each reads a request and says what happens when its turn comes. */
import type { z } from 'zod';
import { CallError } from '../child.ts';
import type { Ledger } from '../ledger.ts';
import { DnsLabel, parse } from '../validate.ts';
import { sequencesOf } from './batch.ts';
import type { TrainerJobs } from './jobs.ts';
import type { OptimStepResult, ScoreResult } from './messages.ts';
import type { LiveModel, TrainerRuntime } from './runtime.ts';
import * as schemas from './schemas.ts';

interface OperationContext {
  readonly jobs: TrainerJobs;
  readonly ledger: Ledger;
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
): Operation {
  return (context, body) => {
    const request = parse(schema, body, 422);
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
  forward: operation(schemas.Forward, (context, model, request) =>
    score(context, model, 'forward', request.forward_input),
  ),
  forward_backward: operation(schemas.ForwardBackward, (context, model, request) =>
    score(context, model, 'forward_backward', request.forward_backward_input),
  ),
  optim_step: operation(schemas.OptimStep, optimStep),
  save_weights: operation(schemas.SaveWeights, saveWeights),
  save_weights_for_sampler: operation(schemas.SaveWeightsForSampler, saveForSampler),
  load_weights: operation(schemas.LoadWeights, loadWeights),
};

async function score(
  { runtime }: OperationContext,
  model: LiveModel,
  op: 'forward' | 'forward_backward',
  input: schemas.ScoreInput,
): Promise<object> {
  const batch = sequencesOf(input.data, runtime.options.baseModel.config);
  const result = await runtime.call<ScoreResult>({ op, model: model.id, loss: input.loss_fn, batch });
  if (op === 'forward') {
    model.ledger.forwardCalls += 1;
  } else {
    model.ledger.forwardBackwardCalls += 1;
    model.ledger.datums += batch.length;
    model.ledger.tokens += batch.reduce((sum, { tokens }) => sum + tokens.length, 0);
  }
  return {
    loss_fn_output_type: 'TorchLossReturn',
    loss_fn_outputs: result.logprobs.map((logprobs) => ({
      logprobs: { data: [...logprobs], dtype: 'float32', shape: [logprobs.length] },
    })),
    metrics: { 'loss:sum': result.loss, 'local_input_sequences:sum': batch.length },
  };
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
  { path }: z.output<typeof schemas.SaveWeights>,
): Promise<object> {
  await runtime.call({ op: 'save_state', model: model.id, name: path });
  const type = model.lora === undefined ? 'CHECKPOINT_TYPE_TRAINING' : 'CHECKPOINT_TYPE_TRAINING_LORA';
  jobs.addCheckpoint(runtime.options.job, path, type, false);
  return { path, type: 'save_weights' };
}

async function saveForSampler(
  { runtime, jobs }: OperationContext,
  model: LiveModel,
  { path, checkpoint_type: kind }: z.output<typeof schemas.SaveWeightsForSampler>,
): Promise<object> {
  await runtime.call({ op: 'save_snapshot', model: model.id, identity: path, kind });
  if (model.lora !== undefined) jobs.addCheckpoint(runtime.options.job, path, 'CHECKPOINT_TYPE_INFERENCE_LORA', true);
  else if (kind === 'base') jobs.addCheckpoint(runtime.options.job, path, 'CHECKPOINT_TYPE_INFERENCE_BASE', true);
  else jobs.addCheckpoint(runtime.options.job, path, 'CHECKPOINT_TYPE_INFERENCE_ARC_V2', false);
  return { path, type: 'save_weights_for_sampler' };
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
