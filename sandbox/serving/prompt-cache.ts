/** Keys and values of prompts that were read before: many samples of one prompt read it once. */
import type { Cache } from '../model/sampler-model.ts';

/** Prompts that are remembered; the one that was used longest ago goes first. */
const ROOM = 256;

/** What a load of new weights does to prompts that were read with the old ones. */
export type CacheReset = 'all' | 'none' | 'new_session';

interface Entry {
  readonly cache: Cache;
  readonly session: string | undefined;
  /** Read with weights of the past: only the session that began with them goes on with it. */
  stale: boolean;
}

export class PromptCache {
  readonly #entries = new Map<string, Entry>();

  /** A copy to go on with, or undefined. */
  find(tokens: readonly number[], session: string | undefined): Cache | undefined {
    const key = tokens.join();
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.stale && (session === undefined || session !== entry.session)) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return copyOf(entry.cache);
  }

  add(tokens: readonly number[], session: string | undefined, cache: Cache): void {
    this.#entries.set(tokens.join(), { cache: copyOf(cache), session, stale: false });
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= ROOM) break;
      this.#entries.delete(key);
    }
  }

  reset(how: CacheReset): void {
    if (how === 'all') this.#entries.clear();
    else if (how === 'new_session') for (const entry of this.#entries.values()) entry.stale = true;
  }
}

function copyOf({ length, keys, values }: Cache): Cache {
  return { length, keys: keys.map((layer) => layer.slice()), values: values.map((layer) => layer.slice()) };
}
