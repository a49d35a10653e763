/** Who works on a store, in the words of the domain: by these records clients find the task queue that would take their work. */
import type { Place } from '../../domain/words/place.ts';

interface WorkerRecord extends Place {
  /** Of one life of a worker. */
  readonly id: string;
  /** The name that people gave the queue. */
  readonly queueName: string;
  /** The queue that it polls: of this name, this store and this place. */
  readonly taskQueue: string;
}

export interface StoredWorker extends WorkerRecord {
  readonly startedAt: string;
  /** The last time that its event loop came round to say so. */
  readonly movedAt: string;
  /** Absent while it works, or if it could not say that it ended. */
  readonly endedAt?: string;
}

export interface WorkerReader {
  /** Drawn once; the same in every copy, and kept with the home should the store be lost. */
  storeId(): Promise<string>;
  /** Of the last weeks, the one that moved last first. */
  workers(): Promise<readonly StoredWorker[]>;
}

export interface WorkerWriter {
  /** Says that the worker moves; its first word begins its record. */
  noteWorker(worker: WorkerRecord): Promise<void>;
  endWorker(id: string): Promise<void>;
}
