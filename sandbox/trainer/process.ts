/** A trainer's process: holds the models of one job and does one thing at a time, in the order it is asked. */
import { CallError, serveParent } from '../child.ts';
import { TrainerEngine, type Arithmetic } from '../model/engine.ts';
import { NoArithmetic } from '../model/no-arithmetic.ts';
import { readWeights } from '../model/weight-source.ts';
import { fullParameters, loraParameters } from '../model/parameters.ts';
import { Bucket } from '../snapshots/bucket.ts';
import type { BootRequest, CreateModelRequest, TrainerRequest } from './messages.ts';
import { TrainedModel } from './trained-model.ts';

class TrainerProcess {
  readonly #boot: BootRequest;
  readonly #arithmetic: Arithmetic;
  /** Frozen, and shared by every adapter. */
  readonly #base: Float32Array;
  readonly #bucket: Bucket;
  readonly #models = new Map<string, TrainedModel>();

  constructor(boot: BootRequest, arithmetic: Arithmetic) {
    this.#boot = boot;
    this.#arithmetic = arithmetic;
    this.#base = readWeights(boot.config, boot.weights);
    this.#bucket = new Bucket(boot.bucket);
  }

  handle(request: Exclude<TrainerRequest, BootRequest>): unknown {
    switch (request.op) {
      case 'create_model':
        return this.#create(request);
      case 'forward':
        return atLeast(this.#boot.passMs, () => this.#model(request.model).forward(request));
      case 'forward_backward':
        return atLeast(this.#boot.passMs, () => this.#model(request.model).forwardBackward(request));
      case 'optim_step':
        return atLeast(this.#boot.stepMs, () => this.#model(request.model).optimStep(request));
      case 'save_state':
        return this.#model(request.model).saveState(this.#bucket, request.name);
      case 'save_snapshot':
        return this.#model(request.model).saveSnapshot(this.#bucket, request);
      case 'load_state':
        return this.#model(request.model).loadState(new Bucket(request.bucket), request.name, request.optimizer);
      case 'load_adapter':
        return this.#model(request.model).loadAdapter(request);
      case 'unload':
        return this.#models.delete(request.model);
      default:
        return request satisfies never;
    }
  }

  #create({ model, lora, loraSeed, baseOnly }: CreateModelRequest): void {
    const parameters =
      lora === undefined ? fullParameters(this.#base) : loraParameters(this.#boot.config, this.#base, lora, loraSeed);
    const { baseModel, strictNames, emptyStep } = this.#boot;
    const kind = { baseModel, parameters, ...(lora && { lora }), baseOnly };
    this.#models.set(model, new TrainedModel(this.#arithmetic, { ...kind, strictNames, emptyStep }));
  }

  #model(id: string): TrainedModel {
    const model = this.#models.get(id);
    if (model === undefined) throw new CallError({ message: `model ${id} was unloaded`, category: 'user' });
    return model;
  }
}

/** Asleep, not waiting: whatever comes next has to wait, as behind real work, and no processor is used. */
function atLeast<T>(ms: number, work: () => T): T {
  const startedAt = performance.now();
  const result = work();
  const left = ms - (performance.now() - startedAt);
  if (left > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, left);
  return result;
}

let booted: TrainerProcess | undefined;

serveParent(async (message) => {
  const request = message as TrainerRequest;
  if (request.op === 'boot') {
    const real = request.compute === 'real';
    booted = new TrainerProcess(
      request,
      real ? await TrainerEngine.create(request.config) : new NoArithmetic(request.config),
    );
    return undefined;
  }
  if (booted === undefined) throw new Error('the trainer has not been started');
  return booted.handle(request);
});
