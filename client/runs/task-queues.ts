/** Which task queue takes what this home submits: its workers say so in the store, and no other store's workers poll it. */
import { dirname } from 'node:path';
import { queuesOfHome, type HomeQueue } from '../../store/home-queues.ts';
import { StoreUnavailable, type StoredWorker } from '../../store/index.ts';
import { placeName } from '../../domain/words/place.ts';
import { UserError } from '../errors.ts';
import type { RunStore } from './run-store.ts';

/** A worker says every fifteen seconds that it moves. */
const SILENT_MS = 90_000;

export class TaskQueues {
  readonly #store: RunStore;
  readonly #name: string;

  /** `name`: what PAWL_TASK_QUEUE says, or the whole name of a queue. */
  constructor(store: RunStore, name: string) {
    this.#store = store;
    this.#name = name;
  }

  /** Every queue that workers of this home have ever polled: also while its store is away, or was lost. */
  async all(): Promise<readonly string[]> {
    const kept = await this.#kept();
    return queuesOf([...(await this.#workers(kept)), ...kept]);
  }

  /** The one that takes new work; fails, with the way out, where it would be somebody else's or nobody's. */
  async forWork(): Promise<string> {
    const kept = await this.#kept();
    const workers = await this.#workers(kept);
    // The store was lost, or is away, and its workers have not told the one in its place yet.
    if (workers.length === 0 && kept.length > 0) return this.#keptOne(kept);
    if (workers.some(({ taskQueue }) => taskQueue === this.#name)) return this.#name;
    const named = workers.filter(({ queueName }) => queueName === this.#name);
    const [last] = named;
    if (last === undefined) throw this.#nobody(workers);
    const present = named.filter((worker) => isPresent(worker));
    const queues = queuesOf(present);
    if (queues.length < 2) return queues[0] ?? last.taskQueue;
    const choices = queues.map((queue) => {
      const worker = present.find(({ taskQueue }) => taskQueue === queue);
      return worker === undefined ? queue : `${queue} for ${placeName(worker)}`;
    });
    throw new UserError(
      `Workers of several places work for this home: ${choices.join('; ')}.`,
      'Set PAWL_TASK_QUEUE to the whole name of the one that is meant.',
    );
  }

  #kept(): Promise<readonly HomeQueue[]> {
    return queuesOfHome(dirname(this.#store.path));
  }

  /** None where the store does not answer, and the home knows its queues without it. */
  async #workers(kept: readonly HomeQueue[]): Promise<readonly StoredWorker[]> {
    try {
      return (await (await this.#store.reader())?.workers()) ?? [];
    } catch (error) {
      if (kept.length > 0 && error instanceof StoreUnavailable) return [];
      throw error;
    }
  }

  #keptOne(kept: readonly HomeQueue[]): string {
    const named = kept.filter((one) => one.taskQueue === this.#name || one.queueName === this.#name);
    const [only, ...others] = queuesOf(named);
    if (only !== undefined && others.length === 0) return only;
    throw new UserError(
      `The store ${this.#store.path} does not tell which task queue is meant: ${queuesOf(named.length > 0 ? named : kept).join(', ')}.`,
      'Set PAWL_TASK_QUEUE to the whole name of one, or wait until a worker has told the store.',
    );
  }

  #nobody(workers: readonly StoredWorker[]): UserError {
    if (workers.length === 0) {
      return new UserError(
        `No worker has ever worked for the store ${this.#store.path}.`,
        'Start one with `pawl up`, or set PAWL_HOME to the home of the workers that are to do it.',
      );
    }
    return new UserError(
      `No worker of this home has ever polled a task queue named ${this.#name}.`,
      `Set PAWL_TASK_QUEUE to one of ${[...new Set(workers.map(({ queueName }) => queueName))].join(', ')}, or start a worker of that name.`,
    );
  }
}

/** Whether it said lately that it moves. */
export function isPresent({ movedAt, endedAt }: StoredWorker): boolean {
  return endedAt === undefined && Date.now() - Date.parse(movedAt) < SILENT_MS;
}

function queuesOf(workers: readonly Pick<StoredWorker, 'taskQueue'>[]): string[] {
  return [...new Set(workers.map(({ taskQueue }) => taskQueue))];
}
