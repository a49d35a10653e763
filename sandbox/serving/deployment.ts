/** One deployment: as many replicas as were asked for, and the chain of snapshots that new ones catch up on. */
import type { Logger } from 'pino';
import { ApiError, invalid, notFound } from '../errors.ts';
import type { Models } from '../promotion/models.ts';
import type { DeploymentRecord, LoadStep } from './deployment-record.ts';
import type { CacheReset } from './prompt-cache.ts';
import { Replica, type LoadFault } from './replica.ts';

/** A replica whose process dies again and again must not keep the machine busy. */
const RESTART_DELAY_MS = 500;

export interface DeploymentOptions {
  readonly seed: string;
  readonly models: Models;
  readonly startupMs: number;
  readonly loadMs: number;
  /** Folder of the bucket of the linked trainer job. */
  readonly bucketOf: (job: string) => string;
  readonly save: (record: DeploymentRecord) => void;
  readonly log: Logger;
}

/** How the next load is to go wrong, and on which replica (all, unless it says which). */
export type NextLoadFault = (LoadFault | { readonly kind: 'stale_replica' }) & {
  readonly replica?: number | undefined;
};

export class Deployment {
  readonly record: DeploymentRecord;
  readonly #options: DeploymentOptions;
  #replicas: Replica[] = [];
  #turn = 0;
  #nextLoadFault: NextLoadFault | undefined;

  constructor(record: DeploymentRecord, options: DeploymentOptions) {
    this.record = record;
    this.#options = options;
    void this.reconcile();
  }

  get desiredReplicas(): number {
    const { minReplicaCount, maxReplicaCount, state } = this.record;
    return state === 'DELETED' ? 0 : Math.min(maxReplicaCount, Math.max(1, minReplicaCount));
  }

  get replicas(): readonly Replica[] {
    return this.#replicas;
  }

  /** Brings the number of replicas to what is desired; resolves once surplus processes are gone. */
  async reconcile(): Promise<void> {
    try {
      while (this.#replicas.length < this.desiredReplicas) this.#replicas.push(this.#startReplica(this.record.chain));
    } catch (error) {
      this.record.state = 'FAILED';
      this.#options.log.error({ err: error, deployment: this.record.id }, 'replicas cannot be started');
    }
    const surplus = this.#replicas.splice(this.desiredReplicas);
    this.#settle();
    await Promise.all(surplus.map((replica) => replica.stop()));
  }

  /** New replicas for all: the chain is void and they serve the base model until the next load. */
  async restart(): Promise<void> {
    this.record.chain = [];
    await this.stop();
    await this.reconcile();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#replicas.splice(0).map((replica) => replica.stop()));
  }

  /** Replaces one replica by one that serves the base model, whatever the others serve. */
  async restartReplica(index: number): Promise<void> {
    const old = this.#replicas[index];
    if (old === undefined) throw notFound(`replica ${index} of deployment "${this.record.id}"`);
    this.#replicas[index] = this.#startReplica([]);
    this.#settle();
    await old.stop();
  }

  /** Forgets what was loaded: new replicas serve the base model, and the next load must be a whole snapshot. */
  resetLedger(): void {
    this.record.chain = [];
    this.record.fullLoadNeeded = true;
    this.#options.save(this.record);
  }

  disturbNextLoad(fault: NextLoadFault): void {
    this.#nextLoadFault = fault;
  }

  /** Starts a load on every replica, each by itself. */
  hotLoad(step: LoadStep, reset: CacheReset): void {
    const bucket = this.#bucket();
    if (!this.#replicas.some((replica) => replica.booted)) {
      throw new ApiError('UNAVAILABLE', 'the hot load manager has no replica yet: try again later', 425);
    }
    if (this.#replicas.some((replica) => replica.isLoadingOther(step.identity))) {
      throw new ApiError('UNAVAILABLE', 'another snapshot is being loaded: try again later', 425);
    }
    if (this.record.fullLoadNeeded && step.previous !== undefined) {
      throw new ApiError('FAILED_PRECONDITION', 'the ledger was reset: the next hot load must be a full one');
    }
    if (step.previous === undefined) this.record.fullLoadNeeded = false;
    const fault = this.#nextLoadFault;
    this.#nextLoadFault = undefined;
    for (const [index, replica] of this.#replicas.entries()) {
      const own = fault?.replica === undefined || fault.replica === index ? fault : undefined;
      if (own?.kind !== 'stale_replica') void this.#loadOn(replica, { bucket, reset, ...step }, own);
    }
  }

  status(): object[] {
    if (!this.#replicas.some((replica) => replica.booted)) return [];
    return this.#replicas.map((replica) => replica.status());
  }

  /** The next replica in turn that takes generations. */
  pick(): Replica {
    const accepting = this.#replicas.filter((replica) => replica.ready);
    const candidates = accepting.length > 0 ? accepting : this.#replicas.filter((replica) => replica.accepting);
    const replica = candidates[this.#turn++ % Math.max(1, candidates.length)];
    if (replica !== undefined) return replica;
    if (this.desiredReplicas === 0) {
      throw new ApiError('UNAVAILABLE', `deployment "${this.record.id}" is scaled to zero`);
    }
    throw new ApiError('UNAVAILABLE', `deployment "${this.record.id}" is loading: try again later`, 425);
  }

  async #loadOn(
    replica: Replica,
    step: LoadStep & { bucket: string; reset: CacheReset },
    fault: LoadFault | undefined,
  ): Promise<void> {
    const { identity, previous } = step;
    const loaded = await replica.load(step, fault);
    if (loaded) this.#extendChain({ identity, ...(previous !== undefined && { previous }) });
  }

  #startReplica(chain: readonly LoadStep[]): Replica {
    const { record } = this;
    const { seed, models, startupMs, loadMs } = this.#options;
    const baseModel = models.base(record.baseModel);
    if (baseModel === undefined) throw invalid(`base model "${record.baseModel}" is not offered any more`);
    const bucket = chain.length > 0 ? this.#bucket() : '';
    const replica: Replica = new Replica({
      baseModel,
      seed: `${seed}/${record.baseModel}`,
      startupMs,
      loadMs,
      catchUp: chain.map((step) => ({ bucket, reset: 'all', ...step })),
      drainBeforeLoad: record.hotLoadTransitionType === 'SYNC',
      onChange: () => this.#settle(),
      onExit: (reason) => this.#replaceLater(replica, reason),
    });
    return replica;
  }

  #replaceLater(dead: Replica, reason: string): void {
    this.#options.log.warn({ deployment: this.record.id, reason }, 'a replica ended: starting another');
    setTimeout(() => {
      if (!this.#replicas.includes(dead)) return;
      this.#replicas = this.#replicas.filter((replica) => replica !== dead);
      void this.reconcile();
    }, RESTART_DELAY_MS);
  }

  #extendChain(step: LoadStep): void {
    const { chain } = this.record;
    const last = chain.at(-1)?.identity;
    if (last === step.identity) return;
    if (step.previous === undefined) this.record.chain = [step];
    else if (last === step.previous) this.record.chain = [...chain, step];
    this.#options.save(this.record);
  }

  #settle(): void {
    const { record } = this;
    if (record.state === 'DELETED' || record.state === 'FAILED') return;
    const settled = this.#replicas.length === this.desiredReplicas && this.#replicas.every((replica) => replica.booted);
    const unsettled = record.state === 'CREATING' ? 'CREATING' : 'UPDATING';
    record.state = settled ? 'READY' : unsettled;
    this.#options.save(record);
  }

  #bucket(): string {
    const { enableHotLoad, hotLoadTrainerJob, id } = this.record;
    if (!enableHotLoad) throw invalid(`deployment "${id}" was created without enableHotLoad`);
    if (hotLoadTrainerJob === undefined)
      throw invalid(`deployment "${id}" is not linked to a trainer (hotLoadTrainerJob)`);
    return this.#options.bucketOf(hotLoadTrainerJob);
  }
}
