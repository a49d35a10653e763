/** A trainer's process: holds the models of one job and does one thing at a time, in the order it is asked. */
import { CallError, serveParent } from '../child.ts';
import { TrainerEngine } from '../model/engine.ts';
import { initialWeights } from '../model/initial.ts';
import { fullParameters, loraParameters } from '../model/parameters.ts';
import { Bucket } from '../snapshots/bucket.ts';
import type { BootRequest, CreateModelRequest, TrainerRequest } from './messages.ts';
import { TrainedModel } from './trained-model.ts';

class TrainerProcess {
  readonly #boot: BootRequest;
  readonly #engine: TrainerEngine;
  /** Frozen, and shared by every adapter. */
  readonly #base: Float32Array;
  readonly #bucket: Bucket;
  readonly #models = new Map<string, TrainedModel>();

  constructor(boot: BootRequest, engine: TrainerEngine) {
    this.#boot = boot;
    this.#engine = engine;
    this.#base = initialWeights(boot.config, boot.seed);
    this.#bucket = new Bucket(boot.bucket);
  }

  handle(request: Exclude<TrainerRequest, BootRequest>): unknown {
    switch (request.op) {
      case 'create_model':
        return this.#create(request);
      case 'forward':
        return this.#model(request.model).forward(request.loss, request.batch);
      case 'forward_backward':
        return this.#model(request.model).forwardBackward(request.loss, request.batch);
      case 'optim_step':
        return this.#model(request.model).optimStep(request);
      case 'save_state':
        return this.#model(request.model).saveState(this.#bucket, request.name);
      case 'save_snapshot':
        return this.#model(request.model).saveSnapshot(this.#bucket, request.identity, request.kind);
      case 'load_state':
        return this.#model(request.model).loadState(new Bucket(request.bucket), request.name, request.optimizer);
      case 'unload':
        return this.#models.delete(request.model);
      default:
        return request satisfies never;
    }
  }

  #create({ model, lora, loraSeed, baseOnly }: CreateModelRequest): void {
    const parameters =
      lora === undefined ? fullParameters(this.#base) : loraParameters(this.#boot.config, this.#base, lora, loraSeed);
    const { baseModel } = this.#boot;
    this.#models.set(model, new TrainedModel(this.#engine, { baseModel, parameters, ...(lora && { lora }), baseOnly }));
  }

  #model(id: string): TrainedModel {
    const model = this.#models.get(id);
    if (model === undefined) throw new CallError({ message: `model ${id} was unloaded`, category: 'user' });
    return model;
  }
}

let booted: TrainerProcess | undefined;

serveParent(async (message) => {
  const request = message as TrainerRequest;
  if (request.op === 'boot') {
    booted = new TrainerProcess(request, await TrainerEngine.create(request.config));
    return undefined;
  }
  if (booted === undefined) throw new Error('the trainer has not been started');
  return booted.handle(request);
});
