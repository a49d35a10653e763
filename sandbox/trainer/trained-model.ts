/** One model in a trainer's process: its weights, its gradient so far, its optimizer, its last snapshot. */
import { readFileSync } from 'node:fs';
import { CallError } from '../child.ts';
import { adamStep, freshAdam, normOf, type AdamState } from '../model/adam.ts';
import type { Arithmetic } from '../model/engine.ts';
import type { LoraConfig, Parameters } from '../model/parameters.ts';
import type { Bucket, SnapshotMeta, StateMeta } from '../snapshots/bucket.ts';
import { adler32, bytesOf, encodeDelta, floatsOf, roundToBf16 } from '../snapshots/codec.ts';
import type {
  Normalization,
  OptimStepRequest,
  OptimStepResult,
  SaveSnapshotRequest,
  ScoreRequest,
  ScoreResult,
} from './messages.ts';
import { score } from './scoring.ts';

export interface TrainedModelOptions {
  readonly baseModel: string;
  readonly parameters: Parameters;
  readonly lora?: LoraConfig;
  readonly baseOnly: boolean;
  /** What is saved under a name that is taken is refused; otherwise it takes its place. */
  readonly strictNames: boolean;
  readonly emptyStep: 'refuse' | 'apply';
}

export class TrainedModel {
  readonly #arithmetic: Arithmetic;
  readonly #options: TrainedModelOptions;
  readonly #trainable: Float32Array;
  readonly #gradient: Float32Array;
  #adam: AdamState;
  #lossTokens = 0;
  #sequences = 0;
  #lastSnapshot: { identity: string; weights: Float32Array } | undefined;

  constructor(arithmetic: Arithmetic, options: TrainedModelOptions) {
    this.#arithmetic = arithmetic;
    this.#options = options;
    this.#trainable = options.parameters.trainable;
    this.#gradient = new Float32Array(this.#trainable.length);
    this.#adam = freshAdam(this.#trainable.length);
  }

  forward({ loss, config, batch: examples }: ScoreRequest): ScoreResult {
    const weights = this.#options.parameters.effective();
    return finite(score(this.#arithmetic, weights, { loss, config, examples }));
  }

  forwardBackward({ loss, config, batch: examples }: ScoreRequest): ScoreResult {
    this.#checkTrainable();
    const { parameters } = this.#options;
    const weights = parameters.effective();
    const full = new Float32Array(weights.length);
    const result = finite(score(this.#arithmetic, weights, { loss, config, examples }, full));
    const gradient = parameters.project(full);
    for (let i = 0; i < gradient.length; i++) this.#gradient[i] = (this.#gradient[i] ?? 0) + (gradient[i] ?? 0);
    this.#sequences += examples.length;
    for (const { lossTokens } of examples) this.#lossTokens += lossTokens;
    return result;
  }

  optimStep({ adam, normalization, normMetrics }: OptimStepRequest): OptimStepResult {
    this.#checkTrainable();
    if (this.#sequences === 0 && this.#options.emptyStep === 'refuse')
      throw refused('optim_step without a successful forward_backward since the last one');
    if (!Number.isFinite(normOf(this.#gradient))) throw refused('the gradient is not finite: nothing was applied');
    const norm = adamStep(this.#trainable, this.#gradient, this.#adam, adam, 1 / this.#divisor(normalization));
    this.#dropGradient();
    return { metrics: normMetrics ? { grad_norm: norm } : {} };
  }

  saveState(bucket: Bucket, name: string): void {
    if (this.#options.strictNames && bucket.hasState(name))
      throw refused(`checkpoint "${name}" already exists; names are never overwritten`);
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
    if (found === undefined) {
      const snapshot = bucket.hasSnapshot(name) ? ': a sampler snapshot cannot be trained on' : '';
      throw refused(`checkpoint "${name}" was not found${snapshot}`);
    }
    const { meta } = found;
    if (!this.#fits(meta)) throw refused(`checkpoint "${name}" was saved by a model of another kind or rank`);
    const all = floatsOf(found.bytes);
    this.#trainable.set(all.subarray(0, meta.size));
    this.#adam = optimizer
      ? { first: all.slice(meta.size, 2 * meta.size), second: all.slice(2 * meta.size), steps: meta.steps }
      : freshAdam(meta.size);
    this.#dropGradient();
  }

  /** Weights only: the optimizer starts anew. */
  loadAdapter({
    name,
    baseModel,
    lora,
    file,
  }: {
    name: string;
    baseModel: string;
    lora: LoraConfig;
    file: string;
  }): void {
    const adapter = floatsOf(readFileSync(file));
    if (!this.#fits({ baseModel, lora, size: adapter.length })) {
      throw refused(`adapter "${name}" is of another base model, rank or set of modules`);
    }
    this.#trainable.set(adapter);
    this.#adam = freshAdam(adapter.length);
    this.#dropGradient();
  }

  saveSnapshot(bucket: Bucket, { identity, kind, precision }: SaveSnapshotRequest): void {
    if (this.#options.strictNames && bucket.hasSnapshot(identity))
      throw refused(`snapshot "${identity}" already exists; names are never overwritten`);
    if (kind === 'merged_base') this.#writeMerged(bucket, identity, precision);
    else if (kind === 'delta') this.#writeDelta(bucket, identity);
    else this.#writeBase(bucket, identity);
  }

  #writeBase(bucket: Bucket, identity: string): void {
    const weights = this.#trainable.slice();
    bucket.writeSnapshot(identity, this.#meta('base', weights), bytesOf(weights));
    this.#lastSnapshot = { identity, weights };
  }

  #writeDelta(bucket: Bucket, identity: string): void {
    const previous = this.#lastSnapshot;
    if (this.#options.lora !== undefined) throw refused('a LoRA snapshot is always a base: the whole adapter');
    if (previous === undefined) throw refused('a delta needs an earlier snapshot of this model; save a base first');
    const weights = this.#trainable.slice();
    const meta = { ...this.#meta('delta', weights), previous: previous.identity };
    bucket.writeSnapshot(identity, meta, encodeDelta(previous.weights, weights));
    this.#lastSnapshot = { identity, weights };
  }

  /** Whole weights, as if there had never been an adapter. */
  #writeMerged(bucket: Bucket, identity: string, precision: SaveSnapshotRequest['precision']): void {
    if (this.#options.lora === undefined) throw refused('merged_base is for LoRA models: save a base');
    const merged = this.#options.parameters.effective();
    const weights = precision === 'bf16' ? roundToBf16(merged) : merged;
    const { baseModel } = this.#options;
    bucket.writeSnapshot(identity, { baseModel, kind: 'base', checksum: adler32(weights) }, bytesOf(weights));
  }

  #meta(kind: SnapshotMeta['kind'], weights: Float32Array): SnapshotMeta {
    return { ...this.#identity(), kind, checksum: adler32(weights) };
  }

  #identity(): Pick<StateMeta, 'baseModel' | 'lora'> {
    const { baseModel, lora } = this.#options;
    return { baseModel, ...(lora && { lora }) };
  }

  #fits(meta: Pick<StateMeta, 'baseModel' | 'lora' | 'size'>): boolean {
    return (
      meta.baseModel === this.#options.baseModel &&
      sameLora(meta.lora, this.#options.lora) &&
      meta.size === this.#trainable.length
    );
  }

  #checkTrainable(): void {
    if (this.#options.baseOnly) throw refused('this model is frozen: only forward is possible');
  }

  #divisor(normalization: Normalization): number {
    switch (normalization) {
      case 'num_loss_tokens':
        return Math.max(1, this.#lossTokens);
      case 'num_sequences':
        return Math.max(1, this.#sequences);
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
function finite(result: ScoreResult): ScoreResult {
  if (!Number.isFinite(result.loss)) throw refused('the loss is not finite: the model has diverged');
  return result;
}

function refused(message: string): CallError {
  return new CallError({ message, category: 'user' });
}
