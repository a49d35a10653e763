/** The store as a reader: opened when it is there, since the first worker makes it. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openArtifacts, type Artifacts } from '../../store/artifacts/artifacts.ts';
import {
  PawlError,
  openStore,
  type Store,
  type StoreOptions,
  type StoreReader,
  type StoredRun,
} from '../../store/index.ts';
import { makeFolder } from '../local/make-folder.ts';

/** Where workers of this home keep the store. */
export function storeFile(home: string): string {
  return join(home, 'pawl.db');
}

export class RunStore {
  readonly path: string;
  readonly #options: Pick<StoreOptions, 'onStatement'>;
  #opening: Promise<StoreReader> | undefined;
  #writing: Promise<Store> | undefined;

  constructor(path: string, options: Pick<StoreOptions, 'onStatement'> = {}) {
    this.path = path;
    this.#options = options;
  }

  /** Undefined where there are none: to open them makes their folder, and who only looks makes nothing. */
  artifacts(): Artifacts | undefined {
    const folder = join(dirname(this.path), 'artifacts');
    return existsSync(folder) ? openArtifacts(folder) : undefined;
  }

  /** Undefined while no worker has made a store. */
  async reader(): Promise<StoreReader | undefined> {
    if (this.#opening === undefined && !existsSync(this.path)) return undefined;
    this.#opening ??= openStore({ ...this.#options, path: this.path, readonly: true }).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** For what programs of the home write beside its workers; makes the store where there is none. */
  async writer(): Promise<Store> {
    this.#writing ??= this.#openWriter().catch((error: unknown) => {
      this.#writing = undefined;
      throw error;
    });
    return this.#writing;
  }

  async #openWriter(): Promise<Store> {
    await makeFolder(dirname(this.path), 0o700);
    return openStore({ ...this.#options, path: this.path });
  }

  /** Undefined: no worker took this run yet. */
  async run(runId: string): Promise<StoredRun | undefined> {
    const reader = await this.reader();
    try {
      return await reader?.getRun(runId);
    } catch (error) {
      if (error instanceof PawlError && error.type === 'InvalidRequest') return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    const reader = await this.#opening?.catch(() => undefined);
    await reader?.close();
    const writer = await this.#writing?.catch(() => undefined);
    await writer?.close();
  }
}
