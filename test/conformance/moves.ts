/** The moves that chapters are made of, and the state that one chapter leaves to the next. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Fireworks,
  type SampledSequence,
  type TrainingClient,
  type WeightSync,
} from '../../activities/backends/fireworks/index.ts';
import type { AdamParams } from '../../activities/ports.ts';
import type { ResolvedShape } from '../../domain/words/plan.ts';
import type { Target } from '../../domain/words/checkpoint.ts';
import { apart, TOLERANCE, type Check } from './check.ts';
import type { Flow } from './flow.ts';

const KEY = 'conformance-key';

/** An example as the trainer takes it. */
interface Example {
  readonly modelInput: readonly number[];
  readonly lossFnInputs: { readonly target_tokens: readonly number[]; readonly weights: readonly number[] };
}

export interface Draws {
  readonly seeds: readonly (number | undefined)[];
  readonly temperature?: number;
  readonly echo?: boolean;
}

export class Moves {
  readonly flow: Flow;
  readonly fireworks: Fireworks;
  readonly checks: Check[] = [];
  readonly data: readonly Example[];
  readonly clients: TrainingClient[] = [];
  /** Loss of each sequence under the base model. */
  initial: readonly number[] = [];
  /** Identities, in order: a base, then deltas. */
  readonly snapshots: string[] = [];
  /** Loss of each sequence under the first of the snapshots. */
  promotable: readonly number[] = [];
  #shape: ResolvedShape | undefined;
  #client: TrainingClient | undefined;

  constructor(flow: Flow, url: string) {
    this.flow = flow;
    this.fireworks = new Fireworks({ apiKey: KEY, baseUrl: url });
    this.data = flow.sequences.map(example);
  }

  get shape(): ResolvedShape {
    return present(this.#shape, 'the shape is not resolved');
  }

  set shape(shape: ResolvedShape) {
    this.#shape = shape;
  }

  /** The full-parameter model of the first trainer. */
  get client(): TrainingClient {
    return present(this.#client, 'the first model is not created');
  }

  set client(client: TrainingClient) {
    this.#client = client;
  }

  add(name: string, ok: boolean, figure: string, numbers: readonly number[] = []): void {
    this.checks.push({ name, ok, figure, numbers: [...numbers] });
  }

  async createTrainer(id: string, shape?: string, loraRank = 0, baseModel = this.flow.baseModel): Promise<void> {
    const request = { id, baseModel, loraRank, displayName: 'conformance', inactivitySeconds: 1800 };
    await this.fireworks.trainerJobs.createAndWait({ ...request, ...(shape !== undefined && { shape }) });
  }

  async connect(
    trainerId: string,
    options: { baseModel?: string; baseOnly?: boolean; lora?: Flow['lora'] } = {},
  ): Promise<TrainingClient> {
    const { baseModel = this.flow.baseModel, baseOnly, lora } = options;
    const client = await this.fireworks.createTrainingClient({
      trainerId,
      baseModel,
      ...(baseOnly !== undefined && { baseOnly }),
      ...(lora !== undefined && {
        lora: {
          rank: lora.rank,
          alpha: lora.alpha,
          seed: lora.seed,
          trainUnembed: true,
          trainMlp: true,
          trainAttn: true,
        },
      }),
    });
    this.clients.push(client);
    return client;
  }

  async deploy(id: string, trainerId: string): Promise<void> {
    const { replicas, baseModel } = this.flow;
    const request = { id, baseModel, shape: this.shape.deploymentShape, trainerId, replicas };
    await this.fireworks.deployments.createOrGet(request);
    const ready = await this.fireworks.deployments.waitReady(id);
    const adopted = await this.fireworks.deployments.createOrGet(request);
    const linked = ready.trainer?.endsWith(`/${trainerId}`) === true && adopted.trainer === ready.trainer;
    // It may serve, and so be ready to us, a moment before it says so; but say so it must.
    let state = ready.state;
    for (let tries = 0; state !== 'READY' && tries < 100; tries += 1) {
      await sleep(100);
      state = (await this.fireworks.deployments.get(id))?.state ?? 'gone';
    }
    this.add(`deployment created and ready, ${id}`, linked && state === 'READY', state);
  }

  target(deploymentId: string): Target {
    return { deploymentId, baseModel: this.flow.baseModel, replicas: this.flow.replicas };
  }

  sync(client: TrainingClient, deploymentId: string, lora = false): WeightSync {
    return this.fireworks.weightSync({ client, deployments: [this.target(deploymentId)], lora });
  }

  /** The loss before each step; the update is submitted before the gradient's result is there. */
  async steps(client: TrainingClient, count: number, changes: Partial<AdamParams> = {}): Promise<number[]> {
    const losses: number[] = [];
    for (let done = 0; done < count; done += 1) {
      const scored = await client.forwardBackward(this.data);
      const updated = await client.optimStep({ ...this.adam, ...changes }, { normalization: 'num_loss_tokens' });
      losses.push((await scored.result()).metrics['loss:sum'] ?? NaN);
      await updated.result();
    }
    return losses;
  }

  get adam(): AdamParams {
    const { learning_rate, beta1, beta2, eps, weight_decay, grad_clip_norm } = this.flow.adam;
    return { learningRate: learning_rate, beta1, beta2, eps, weightDecay: weight_decay, gradClipNorm: grad_clip_norm };
  }

  /** Without clipping, which would hide the gradient's length. */
  async updateUnclipped(client: TrainingClient): Promise<void> {
    const adam = { ...this.adam, gradClipNorm: 0 };
    await (await client.optimStep(adam, { normalization: 'num_loss_tokens' })).result();
  }

  async logprobs(client: TrainingClient, data: readonly Example[]): Promise<readonly (readonly number[])[]> {
    return (await (await client.forward(data)).result()).logprobs;
  }

  async losses(client: TrainingClient): Promise<readonly number[]> {
    return (await this.logprobs(client, this.data)).map((row) => -sum(row));
  }

  /** One request after the other, so that seeds and answers correspond. */
  async draw(deploymentId: string, { seeds, ...options }: Draws): Promise<SampledSequence[]> {
    const sampler = this.fireworks.sampler({ deploymentId });
    const drawn: SampledSequence[] = [];
    for (const seed of seeds) {
      const asked = { promptTokens: this.flow.prompt, maxTokens: this.flow.sampling.maxTokens, stop: ['<eos>'] };
      drawn.push(...(await sampler.sample({ ...asked, ...options, ...(seed !== undefined && { seed }) })));
    }
    return drawn;
  }

  /** Every replica reports the identity, and trainer and sampler agree on each token, prompt included. */
  async checkServing(what: string, deploymentId: string, client: TrainingClient, identity: string): Promise<void> {
    const drawn = await this.draw(deploymentId, { seeds: this.flow.sampling.seeds, echo: true });
    const rows = await this.logprobs(client, drawn.map(sequence).map(example));
    const sampled = drawn.flatMap(({ targetLogprobs = [] }) => targetLogprobs);
    const off = apart(sampled, rows.flat());
    const named = drawn.filter(({ servedIdentity }) => servedIdentity === identity);
    this.add(`${what}: confirmed by every replica`, named.length === drawn.length, `${named.length} answers name it`);
    this.add(`${what}: sampler and trainer agree`, off < TOLERANCE, `off by ${off.toExponential(1)}`, sampled);
  }
}

/** Every token but the first is a target of weight 1. */
export function example(tokens: readonly number[]): Example {
  const targets = tokens.slice(1);
  return {
    modelInput: tokens.slice(0, -1),
    lossFnInputs: { target_tokens: targets, weights: targets.map(() => 1) },
  };
}

export function sequence({ promptTokens, tokens }: SampledSequence): number[] {
  return [...promptTokens, ...tokens];
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, value) => total + value, 0);
}

function present<T>(value: T | undefined, otherwise: string): T {
  if (value === undefined) throw new Error(otherwise);
  return value;
}
