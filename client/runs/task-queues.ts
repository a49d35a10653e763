/** Which task queue takes what this home submits: its workers say so in the store, and no other store's workers poll it. */
import type { StoredWorker } from '../../store/index.ts';
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

  /** Every queue that workers of this store have ever polled. */
  async all(): Promise<readonly string[]> {
    return queuesOf(await this.#workers());
  }

  /** The one that takes new work; fails, with the way out, where it would be somebody else's or nobody's. */
  async forWork(): Promise<string> {
    const workers = await this.#workers();
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

  async #workers(): Promise<readonly StoredWorker[]> {
    return (await (await this.#store.reader())?.workers()) ?? [];
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

function queuesOf(workers: readonly StoredWorker[]): string[] {
  return [...new Set(workers.map(({ taskQueue }) => taskQueue))];
}
