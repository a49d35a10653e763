/** All deployments of the account, stored and running. */
import { join } from 'node:path';
import { ApiError, notFound, quotaExceeded } from '../errors.ts';
import { readJsonFolder } from '../files.ts';
import { StateFiles } from '../state-files.ts';
import { Deployment, type DeploymentOptions } from './deployment.ts';
import { DeploymentRecord } from './deployment-record.ts';

export type DeploymentsOptions = Omit<DeploymentOptions, 'save'> & {
  readonly stateFolder: string;
  /** Deployments with replicas that there may be at a time; more are refused. */
  readonly quota?: number;
};
export type NewDeployment = Omit<DeploymentRecord, 'state' | 'createTime' | 'chain' | 'fullLoadNeeded'>;
export type DeploymentChange = Partial<
  Pick<
    DeploymentRecord,
    | 'minReplicaCount'
    | 'maxReplicaCount'
    | 'hotLoadTrainerJob'
    | 'hotLoadTransitionType'
    | 'displayName'
    | 'description'
  >
>;

export class Deployments {
  readonly #options: DeploymentOptions;
  readonly #quota: number | undefined;
  readonly #files: StateFiles;
  readonly #deployments = new Map<string, Deployment>();
  readonly #made = new Set<string>();

  constructor({ stateFolder, quota, ...options }: DeploymentsOptions) {
    this.#quota = quota;
    const folder = join(stateFolder, 'deployments');
    this.#files = new StateFiles(folder, options.log);
    this.#options = { ...options, save: (record) => this.#save(record) };
    for (const record of readJsonFolder(folder, DeploymentRecord)) {
      this.#deployments.set(record.id, new Deployment(record, this.#options));
      this.#made.add(record.id);
    }
  }

  create(deployment: NewDeployment): Deployment {
    if (this.#deployments.has(deployment.id)) {
      throw new ApiError('ALREADY_EXISTS', `deployment "${deployment.id}" already exists`);
    }
    const rented = this.list().filter(({ desiredReplicas }) => desiredReplicas > 0).length;
    if (this.#quota !== undefined && rented >= this.#quota) {
      throw quotaExceeded('DEPLOYMENT_QUOTA_EXCEEDED', 'deployments', this.#quota);
    }
    const record: DeploymentRecord = {
      ...deployment,
      state: 'CREATING',
      createTime: new Date().toISOString(),
      chain: [],
      fullLoadNeeded: false,
    };
    this.#files.write(record.id, record);
    const created = new Deployment(record, this.#options);
    this.#deployments.set(record.id, created);
    this.#made.add(record.id);
    return created;
  }

  /** Ids of all that there ever were since this program began, whatever became of them. */
  made(): readonly string[] {
    return [...this.#made];
  }

  get(id: string): Deployment {
    const deployment = this.#deployments.get(id);
    if (deployment === undefined) throw notFound(`deployment "${id}"`);
    return deployment;
  }

  list(): Deployment[] {
    return [...this.#deployments.values()].filter(({ record }) => record.state !== 'DELETED');
  }

  async update(id: string, change: DeploymentChange): Promise<Deployment> {
    const deployment = this.get(id);
    const { record } = deployment;
    if (record.state === 'DELETED') throw new ApiError('FAILED_PRECONDITION', `deployment "${id}" was deleted`);
    const relinked =
      (change.hotLoadTrainerJob ?? record.hotLoadTrainerJob) !== record.hotLoadTrainerJob ||
      (change.hotLoadTransitionType ?? record.hotLoadTransitionType) !== record.hotLoadTransitionType;
    Object.assign(record, change);
    if (record.minReplicaCount > record.maxReplicaCount) record.minReplicaCount = record.maxReplicaCount;
    await (relinked ? deployment.restart() : deployment.reconcile());
    this.#save(record);
    return deployment;
  }

  /** Brings a soft-deleted deployment back; it serves the base model until the next load. */
  async undelete(id: string): Promise<Deployment> {
    const deployment = this.get(id);
    if (deployment.record.state !== 'DELETED') {
      throw new ApiError('FAILED_PRECONDITION', `deployment "${id}" was not deleted`);
    }
    deployment.record.state = 'CREATING';
    await deployment.restart();
    return deployment;
  }

  /** `hard` forgets the deployment; otherwise its row stays as a tombstone. */
  async delete(id: string, hard: boolean): Promise<void> {
    const deployment = this.get(id);
    deployment.record.state = 'DELETED';
    if (hard) {
      this.#deployments.delete(id);
      this.#files.remove(id);
    } else {
      this.#save(deployment.record);
    }
    await deployment.reconcile();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#deployments.values()].map((deployment) => deployment.stop()));
    this.#files.close();
  }

  #save(record: DeploymentRecord): void {
    // Replicas that are just stopping must not bring back the row of a deployment that is gone, or replace its successor's.
    const current = this.#deployments.get(record.id)?.record;
    if (current === undefined ? record.state === 'DELETED' : current !== record) return;
    this.#files.keep(record.id, record);
  }
}
