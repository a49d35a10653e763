/**
 * A folder of records as files. What cannot be written, as on a full disk, is no reason to leave things half done: what is
 * in memory holds, and its file follows as soon as it can.
 */
import { join } from 'node:path';
import type { Logger } from 'pino';
import { removeFile, writeJsonAtomic } from './files.ts';

const RETRY_MS = 250;

export class StateFiles {
  readonly #folder: string;
  readonly #log: Logger;
  /** Records whose files are older than they are, by id. */
  readonly #late = new Map<string, object>();
  readonly #retry: NodeJS.Timeout;

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
    this.#retry = setInterval(() => this.#writeLate(), RETRY_MS).unref();
  }

  /** What is asked for, and not there before: who asks is told where it cannot be written, and may ask again. */
  write(id: string, record: object): void {
    writeJsonAtomic(this.#path(id), record);
    this.#late.delete(id);
  }

  /** What has happened already. */
  keep(id: string, record: object): void {
    try {
      this.write(id, record);
    } catch (error) {
      if (!this.#late.has(id)) this.#log.warn({ id, error: String(error) }, 'a record cannot be written yet');
      this.#late.set(id, record);
    }
  }

  remove(id: string): void {
    this.#late.delete(id);
    removeFile(this.#path(id));
  }

  /** What is late by then is lost, as with the machine. */
  close(): void {
    clearInterval(this.#retry);
    this.#writeLate();
  }

  #writeLate(): void {
    for (const [id, record] of this.#late) this.keep(id, record);
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}
