/** The record of who did what. */
import type { AuditEntry, StoredAuditEntry } from '../../store/rows/access-records.ts';
import type { RunStore } from '../runs/run-store.ts';

export class Audit {
  readonly #store: RunStore;

  constructor(store: RunStore) {
    this.#store = store;
  }

  async note(entry: AuditEntry): Promise<void> {
    await (await this.#store.writer()).noteAction(entry);
  }

  /** Newest first; those before a number, if asked. */
  async list(page: { limit: number; before?: number }): Promise<readonly StoredAuditEntry[]> {
    return (await (await this.#store.reader())?.audit(page)) ?? [];
  }
}
