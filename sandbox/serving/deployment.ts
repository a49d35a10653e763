/** One deployment: as many replicas as were asked for, and the chain of snapshots that new ones catch up on. */
import type { Logger } from 'pino';
import { findBaseModel } from '../catalog.ts';
import { ApiError, invalid } from '../errors.ts';
import type { DeploymentRecord, LoadStep } from './deployment-record.ts';
import { Replica } from './replica.ts';

/** A replica whose process dies again and again must not keep the machine busy. */
const RESTART_DELAY_MS = 500;

export interface DeploymentOptions {
  readonly seed: string;
  readonly startupMs: number;
  readonly loadMs: number;
  /** Folder of the bucket of the linked trainer job. */
  readonly bucketOf: (job: string) => string;
  readonly save: (record: DeploymentRecord) => void;
  readonly log: Logger;
}

export class Deployment {
  readonly record: DeploymentRecord;
  readonly #options: DeploymentOptions;
  #replicas: Replica[] = [];
  #turn = 0;

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
      while (this.#replicas.length < this.desiredReplicas) this.#replicas.push(this.#startReplica());
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

  /** Starts a load on every replica, each by itself. */
  hotLoad(step: LoadStep): void {
    const bucket = this.#bucket();
    if (!this.#replicas.some((replica) => replica.booted)) {
      throw new ApiError('UNAVAILABLE', 'the hot load manager has no replica yet: try again later', 425);
    }
    if (this.#replicas.some((replica) => replica.isLoadingOther(step.identity))) {
      throw new ApiError('UNAVAILABLE', 'another snapshot is being loaded: try again later', 425);
    }
    for (const replica of this.#replicas) void this.#loadOn(replica, { bucket, ...step });
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

  async #loadOn(replica: Replica, step: LoadStep & { bucket: string }): Promise<void> {
    const { identity, previous } = step;
    const loaded = await replica.load(step);
    if (loaded) this.#extendChain({ identity, ...(previous !== undefined && { previous }) });
  }

  #startReplica(): Replica {
    const { record } = this;
    const { seed, startupMs, loadMs } = this.#options;
    const baseModel = findBaseModel(record.baseModel);
    if (baseModel === undefined) throw invalid(`base model "${record.baseModel}" is not offered any more`);
    const bucket = record.chain.length > 0 ? this.#bucket() : '';
    const replica = new Replica({
      baseModel,
      seed: `${seed}/${record.baseModel}`,
      startupMs,
      loadMs,
      catchUp: record.chain.map((step) => ({ bucket, ...step })),
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
