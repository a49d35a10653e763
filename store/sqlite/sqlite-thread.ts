/** A SQLite file in a thread of its own, opened anew whenever its path leads to another file. */
import { resolve } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { StoreUnavailable, explain } from './failures.ts';
import { MOVED, type Answer, type Asked, type Parameter, type QueryRows, type Request } from './protocol.ts';
import { startThread } from './start-thread.ts';

export interface SqliteOptions {
  readonly path: string;
  readonly readonly: boolean;
  /** How long the thread waits for a lock before it says so. */
  readonly busyTimeoutMs: number;
}

interface Waiting {
  readonly thread: Worker;
  readonly resolve: (result: QueryRows) => void;
  readonly reject: (error: Error) => void;
}

/** Those of this process that have a thread, by their path. */
const inUse = new Map<string, Set<SqliteThread>>();

export class SqliteThread {
  readonly path: string;
  readonly #options: SqliteOptions;
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | undefined;
  #asked = 0;
  #closed = false;

  constructor(options: SqliteOptions) {
    this.path = resolve(options.path);
    this.#options = options;
  }

  /** Opens the file, or whatever the path leads to now. */
  async open(): Promise<void> {
    await this.#leave();
    // SQLite lets all connections of a process share what one of them knows of a file, be it asleep and out of date.
    for (const other of inUse.get(this.path) ?? []) if (other !== this) await other.#leave({ ifMoved: true });
    const { readonly, busyTimeoutMs } = this.#options;
    await this.#ask({ kind: 'open', path: this.path, readonly, busyTimeoutMs, create: !readonly });
  }

  /** Closes the file, and keeps the thread: whatever is asked next finds the file moved. */
  async shut(): Promise<void> {
    await this.#ask({ kind: 'close' });
  }

  query(sql: string, parameters: readonly unknown[] = []): Promise<QueryRows> {
    return this.#ask({ kind: 'query', sql, parameters: parameters as readonly Parameter[] });
  }

  async exec(sql: string): Promise<void> {
    await this.#ask({ kind: 'exec', sql });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.#thread !== undefined) await this.#ask({ kind: 'close' });
    this.#closed = true;
    await this.#thread?.terminate();
  }

  /**
   * A file that was opened before is left with its thread. libsql closes a connection once its statements are collected,
   * whenever that is; until then the next one of this process would share what this one knows of the file, old as it is.
   */
  async #leave({ ifMoved = false } = {}): Promise<void> {
    const thread = this.#thread;
    if (thread === undefined || this.#closed) return;
    const { stays = false } = await this.#ask({ kind: 'leave', ifMoved });
    if (stays || this.#thread !== thread) return;
    this.#thread = undefined;
    await thread.terminate();
  }

  #ask(request: Request): Promise<QueryRows> {
    if (this.#closed) return Promise.reject(new StoreUnavailable('thread', `The store ${this.path} was closed.`));
    const thread = (this.#thread ??= this.#start());
    return new Promise((resolve, reject) => {
      const id = ++this.#asked;
      this.#waiting.set(id, { thread, resolve, reject });
      // A process ends when it has nothing left to do, whether it closed its store or not.
      thread.ref();
      thread.postMessage({ id, request } satisfies Asked);
    });
  }

  #start(): Worker {
    const thread = startThread(import.meta.url, './program');
    inUse.set(this.path, (inUse.get(this.path) ?? new Set<SqliteThread>()).add(this));
    let reason = 'it ended';
    thread.on('message', (answer: Answer) => this.#receive(answer));
    thread.on('error', (error) => {
      reason = String(error);
    });
    thread.on('exit', () => this.#lost(thread, reason));
    return thread;
  }

  #forget(): void {
    const those = inUse.get(this.path);
    those?.delete(this);
    if (those?.size === 0) inUse.delete(this.path);
  }

  #receive(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#thread?.unref();
    if ('result' in answer) waiting?.resolve(answer.result);
    else waiting?.reject(isMoved(answer.failure) ? new FileMoved() : explain(answer.failure, this.path));
  }

  /** The next call starts another one, which finds no file open. */
  #lost(thread: Worker, reason: string): void {
    if (this.#thread === thread) this.#thread = undefined;
    if (this.#thread === undefined) this.#forget();
    const error = new StoreUnavailable('thread', `The thread of the store ${this.path} ended: ${reason}.`);
    for (const [id, waiting] of this.#waiting) {
      if (waiting.thread !== thread) continue;
      this.#waiting.delete(id);
      waiting.reject(error);
    }
  }
}

/** What was asked for was not done: the file has to be opened again. */
export class FileMoved extends Error {
  override readonly name = 'FileMoved';
}

function isMoved({ code }: { code?: string }): boolean {
  return code === MOVED;
}
