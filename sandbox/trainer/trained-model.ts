/** One model in a trainer's process: its weights, its gradient so far, its optimizer, its last snapshot. */
import { CallError } from '../child.ts';
import { adamStep, freshAdam, normOf, type AdamState } from '../model/adam.ts';
import type { Scores, Sequence, TrainerEngine } from '../model/engine.ts';
import type { LoraConfig, Parameters } from '../model/parameters.ts';
import type { Bucket, SnapshotMeta, StateMeta } from '../snapshots/bucket.ts';
import { adler32, bytesOf, encodeDelta, floatsOf } from '../snapshots/codec.ts';
import type { LossName, Normalization, OptimStepRequest, OptimStepResult } from './messages.ts';
import { weightsFor } from './losses.ts';

export interface TrainedModelOptions {
  readonly baseModel: string;
  readonly parameters: Parameters;
  readonly lora?: LoraConfig;
  readonly baseOnly: boolean;
}

export class TrainedModel {
  readonly #engine: TrainerEngine;
  readonly #options: TrainedModelOptions;
  readonly #trainable: Float32Array;
  readonly #gradient: Float32Array;
  #adam: AdamState;
  #lossTokens = 0;
  #sequences = 0;
  #lastSnapshot: { identity: string; weights: Float32Array } | undefined;

  constructor(engine: TrainerEngine, options: TrainedModelOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#trainable = options.parameters.trainable;
    this.#gradient = new Float32Array(this.#trainable.length);
    this.#adam = freshAdam(this.#trainable.length);
  }

  forward(loss: LossName, batch: readonly Sequence[]): Scores {
    const weights = this.#options.parameters.effective();
    return finite(this.#engine.forward(weights, weightsFor(loss, batch)));
  }

  forwardBackward(loss: LossName, batch: readonly Sequence[]): Scores {
    if (this.#options.baseOnly) throw refused('this model is a frozen base: only forward is possible');
    const { parameters } = this.#options;
    const weights = parameters.effective();
    const full = new Float32Array(weights.length);
    const scores = finite(this.#engine.forwardBackward(weights, weightsFor(loss, batch), full));
    const gradient = parameters.project(full);
    for (let i = 0; i < gradient.length; i++) this.#gradient[i] = (this.#gradient[i] ?? 0) + (gradient[i] ?? 0);
    this.#sequences += batch.length;
    for (const { weights: tokens } of batch) this.#lossTokens += tokens.reduce((n, w) => (w === 0 ? n : n + 1), 0);
    return scores;
  }

  optimStep({ adam, normalization, normMetrics }: OptimStepRequest): OptimStepResult {
    if (this.#sequences === 0) throw refused('optim_step without a successful forward_backward since the last one');
    if (!Number.isFinite(normOf(this.#gradient))) throw refused('the gradient is not finite: nothing was applied');
    const norm = adamStep(this.#trainable, this.#gradient, this.#adam, adam, 1 / this.#divisor(normalization));
    this.#dropGradient();
    return { metrics: normMetrics ? { grad_norm: norm } : {} };
  }

  saveState(bucket: Bucket, name: string): void {
    if (bucket.hasState(name)) throw refused(`checkpoint "${name}" already exists; names are never overwritten`);
    const size = this.#trainable.length;
    const all = new Float32Array(3 * size);
    all.set(this.#trainable, 0);
    all.set(this.#adam.first, size);
    all.set(this.#adam.second, 2 * size);
    const meta: StateMeta = { ...this.#identity(), size, steps: this.#adam.steps };
    bucket.writeState(name, meta, bytesOf(all));
  }

  loadState(bucket: Bucket, name: string, optimizer: boolean): void {
    const found = bucket.readState(name);
    if (found === undefined) throw refused(`checkpoint "${name}" was not found`);
    const { meta } = found;
    if (!this.#fits(meta)) throw refused(`checkpoint "${name}" was saved by a model of another kind or rank`);
    const all = floatsOf(found.bytes);
    this.#trainable.set(all.subarray(0, meta.size));
    this.#adam = optimizer
      ? { first: all.slice(meta.size, 2 * meta.size), second: all.slice(2 * meta.size), steps: meta.steps }
      : freshAdam(meta.size);
    this.#dropGradient();
  }

  saveSnapshot(bucket: Bucket, identity: string, kind: 'base' | 'delta'): void {
    if (bucket.hasSnapshot(identity))
      throw refused(`snapshot "${identity}" already exists; names are never overwritten`);
    const weights = this.#trainable.slice();
    const checksum = adler32(weights);
    if (kind === 'base') {
      bucket.writeSnapshot(identity, { ...this.#identity(), kind, checksum }, bytesOf(weights));
    } else {
      this.#writeDelta(bucket, identity, { ...this.#identity(), kind, checksum }, weights);
    }
    this.#lastSnapshot = { identity, weights };
  }

  #writeDelta(bucket: Bucket, identity: string, meta: SnapshotMeta, weights: Float32Array): void {
    const previous = this.#lastSnapshot;
    if (this.#options.lora !== undefined) throw refused('a LoRA snapshot is always a base: the whole adapter');
    if (previous === undefined) throw refused('a delta needs an earlier snapshot of this model; save a base first');
    bucket.writeSnapshot(identity, { ...meta, previous: previous.identity }, encodeDelta(previous.weights, weights));
  }

  #identity(): Pick<StateMeta, 'baseModel' | 'lora'> {
    const { baseModel, lora } = this.#options;
    return { baseModel, ...(lora && { lora }) };
  }

  #fits(meta: StateMeta): boolean {
    return (
      meta.baseModel === this.#options.baseModel &&
      sameLora(meta.lora, this.#options.lora) &&
      meta.size === this.#trainable.length
    );
  }

  #divisor(normalization: Normalization): number {
    switch (normalization) {
      case 'num_loss_tokens':
        return Math.max(1, this.#lossTokens);
      case 'num_sequences':
        return this.#sequences;
      case 'none':
        return 1;
      default:
        return normalization satisfies never;
    }
  }

  #dropGradient(): void {
    this.#gradient.fill(0);
    this.#lossTokens = 0;
    this.#sequences = 0;
  }
}

function sameLora(left: LoraConfig | undefined, right: LoraConfig | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  // Alpha scales the result and is not part of the stored tensors' shape.
  return (
    left.rank === right.rank &&
    left.trainAttn === right.trainAttn &&
    left.trainMlp === right.trainMlp &&
    left.trainUnembed === right.trainUnembed
  );
}

/** JSON has no form for NaN, and a client that never learns of it trains on. */
function finite(scores: Scores): Scores {
  if (!Number.isFinite(scores.loss)) throw refused('the loss is not finite: the model has diverged');
  return scores;
}

function refused(message: string): CallError {
  return new CallError({ message, category: 'user' });
}
