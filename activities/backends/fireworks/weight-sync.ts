/** Brings deployments to a model's weights, one snapshot after the other: deltas where that is safe, and only there. */
import { randomBytes } from 'node:crypto';
import {
  NEW_CHAIN,
  planSnapshot,
  snapshotConfirmed,
  snapshotRequested,
  type ChainState,
} from '../../../domain/decide/chain.ts';
import type { SnapshotType, Target } from '../../../domain/words/checkpoint.ts';
import type { ReplicaStatus, WeightSync as HotLoad } from '../../ports.ts';
import { pollFor } from './poll.ts';
import { NEVER } from './sleep.ts';
import type { Poll } from './tables.ts';
import type { TrainingClient } from './training-client.ts';

export interface WeightSyncOptions {
  readonly client: Pick<TrainingClient, 'saveWeightsForSampler'>;
  /** All deployments that follow the model; each must be linked to the client's trainer. */
  readonly deployments: readonly Target[];
  /** LoRA snapshots are whole adapters: there are no deltas. */
  readonly lora?: boolean;
  /** A base again after this many snapshots, so that no chain grows without end. Default: 20. */
  readonly baseEvery?: number;
  /** Per snapshot, over all deployments. Default: ten minutes. */
  readonly timeoutMs?: number;
}

export interface Synced {
  /** What every replica of every deployment now reports. */
  readonly identity: string;
  readonly type: SnapshotType;
  /** 1, 2, …: rises with every snapshot that was confirmed. */
  readonly version: number;
}

interface Services {
  readonly hotLoad: HotLoad;
  readonly answers: (deploymentId: string, signal: AbortSignal) => Promise<boolean>;
  readonly poll: Poll;
}

/** After a load a deployment may take a moment to answer; that it does not is no failure of the load. */
const WARM_UP_MS = 100_000;

/**
 * A delta is saved only where every deployment confirmed the previous snapshot on every replica, and still reports it.
 * After a save or load that failed or timed out, the next snapshot is a base. One call at a time.
 */
export class WeightSync {
  readonly #options: WeightSyncOptions;
  readonly #services: Services;
  /** Part of every name, so that names stay unique on a deployment that outlives this object. */
  readonly #hex = randomBytes(4).toString('hex');
  readonly #chains = new Map<string, ChainState>();
  /** What is saved again under a name would take the place of what replicas serve, and be taken for it. */
  readonly #names = new Set<string>();
  #version = 0;

  /** Use `Fireworks.weightSync`. */
  constructor(options: WeightSyncOptions, services: Services) {
    this.#options = options;
    this.#services = services;
    this.forceBase();
  }

  /** The next snapshot will be a base: after `loadState`, a reconnect, a re-attachment or a reset ledger. */
  forceBase(): void {
    for (const { deploymentId } of this.#options.deployments) this.#chains.set(deploymentId, NEW_CHAIN);
  }

  /**
   * Saves a snapshot as `<name>-<8 hex>` (a name used before gets a number), loads it everywhere and waits for every replica. Fails with a `SyncFailedError`
   * that names the deployment. `final` asks for a base, which can be promoted.
   */
  async saveAndSync(
    name: string,
    { final = false, signal = NEVER }: { readonly final?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<Synced> {
    const { client, deployments, timeoutMs = 600_000 } = this.#options;
    const plan = await this.#plan(final, signal);
    for (const [id, chain] of this.#chains) this.#chains.set(id, snapshotRequested(chain));
    const saved = await client.saveWeightsForSampler({ name: this.#unused(name), type: plan.type }, signal);
    const { path: identity } = await saved.result(signal);
    const { previousIdentity } = plan;
    const snapshot = { identity, ...(previousIdentity === undefined ? {} : { previousIdentity }) };
    const loads = await Promise.allSettled(
      deployments.map(async (target) => {
        const chain = this.#chainOf(target);
        await this.#services.hotLoad.load(target, snapshot, signal);
        await this.#services.hotLoad.waitConfirmed(target, snapshot, { timeoutMs, signal });
        this.#chains.set(target.deploymentId, snapshotConfirmed(chain, identity, plan.type));
      }),
    );
    const failed = loads.find((load) => load.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    await Promise.all(deployments.map(async (target) => this.#warmUp(target, signal)));
    this.#version += 1;
    return { identity, type: plan.type, version: this.#version };
  }

  async #plan(final: boolean, signal: AbortSignal): Promise<ReturnType<typeof planSnapshot>> {
    const { deployments, lora = false, baseEvery = 20 } = this.#options;
    const plans = deployments.map((target) => planSnapshot(this.#chainOf(target), { lora, baseEvery, final }));
    const [first] = plans;
    const shared = plans.every(({ previousIdentity }) => previousIdentity === first?.previousIdentity);
    if (first?.previousIdentity === undefined || !shared) return { type: 'base' };
    const previous = first.previousIdentity;
    const now = await Promise.all(
      deployments.map(async (target) => {
        const replicas = await this.#services.hotLoad.replicas(target, signal);
        return replicas.length >= target.replicas && replicas.every((replica) => serves(replica, previous));
      }),
    );
    return now.every(Boolean) ? first : { type: 'base' };
  }

  #unused(name: string): string {
    let unused = name;
    for (let count = 2; this.#names.has(unused); count++) unused = `${name}-${count}`;
    this.#names.add(unused);
    return `${unused}-${this.#hex}`;
  }

  #chainOf({ deploymentId }: Target): ChainState {
    return this.#chains.get(deploymentId) ?? NEW_CHAIN;
  }

  async #warmUp({ deploymentId }: Target, signal: AbortSignal): Promise<void> {
    const look = async (): Promise<true | undefined> =>
      (await this.#services.answers(deploymentId, signal)) ? true : undefined;
    await pollFor(this.#services.poll, WARM_UP_MS, look, signal);
  }
}

/** Ready or not: a replica that drains is still on its snapshot. */
function serves({ loaded }: ReplicaStatus, identity: string): boolean {
  return loaded.includes(identity);
}
