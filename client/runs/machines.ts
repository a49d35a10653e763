/** What costs money, and its return by hand: a worker asks the platform, for it alone has the key. */
import { randomUUID } from 'node:crypto';
import {
  MACHINES_WORKFLOW_TYPE,
  RELEASE_WORKFLOW_TYPE,
  type Machine,
  type ReleaseInput,
  type ReleaseReport,
  type UnknownMachine,
} from '../../domain/words/machines.ts';
import { placeOf } from '../../domain/words/place.ts';
import { UserError } from '../errors.ts';
import { failureMessage, isNamed } from '../temporal/failure.ts';
import type { TemporalLink } from '../temporal/temporal-link.ts';
import type { RunStore } from './run-store.ts';

export class Machines {
  readonly #temporal: TemporalLink;
  readonly #store: RunStore;

  constructor(temporal: TemporalLink, store: RunStore) {
    this.#temporal = temporal;
    this.#store = store;
  }

  /** Rented or kept. Where no worker could ask the platform: as far as it was recorded, and `stale` says why. */
  async list(): Promise<{ machines: readonly Machine[]; stale?: string }> {
    try {
      return { machines: await this.#execute<readonly Machine[]>(MACHINES_WORKFLOW_TYPE, { unknown: false }) };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { machines: await this.#recorded(), stale: error.message };
    }
  }

  /** Those that pawl made, by their names, and that this store does not know. */
  async unknown(): Promise<readonly UnknownMachine[]> {
    return this.#execute(MACHINES_WORKFLOW_TYPE, { unknown: true });
  }

  async release(input: ReleaseInput): Promise<ReleaseReport> {
    return this.#execute(RELEASE_WORKFLOW_TYPE, input);
  }

  async #recorded(): Promise<readonly Machine[]> {
    const reader = await this.#store.reader();
    const leases = reader === undefined ? [] : [...(await reader.openLeases()), ...(await reader.keptLeases())];
    return leases.map((lease) => {
      const { kind, id, runId, holder, plannedAt, keptAt } = lease;
      const whose = { kind, id, runId, ...(holder !== undefined && { holder }), ...placeOf(lease) };
      return { ...whose, since: plannedAt, kept: keptAt !== undefined };
    });
  }

  async #execute<Result>(workflowType: string, input: object): Promise<Result> {
    const queue = await this.#temporal.queue();
    if (!(await this.#temporal.hasWorker(queue))) {
      throw new UserError(`No worker polls the task queue ${queue}.`, 'Start one with `pawl up`.');
    }
    try {
      return await this.#temporal.execute<Result>(workflowType, `pawl-machines-${randomUUID()}`, { input });
    } catch (error) {
      if (!isNamed(error, 'WorkflowFailedError')) throw error;
      throw new UserError(`${failureMessage(error)}.`, '', { cause: error });
    }
  }
}
