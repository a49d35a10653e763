/** Keeps the most recently used values up to a number of bytes; asking twice at the same time loads once. */
export interface Loaded<Value> {
  readonly value: Value;
  readonly bytes: number;
}

interface Entry<Value> {
  readonly loaded: Promise<Loaded<Value>>;
  /** 0 while it loads. */
  bytes: number;
}

export class ByteCache<Value> {
  readonly #maxBytes: number;
  readonly #load: (key: string) => Promise<Loaded<Value>>;
  /** A Map remembers the order of insertion: the first key is the one not used for longest. */
  readonly #entries = new Map<string, Entry<Value>>();

  constructor(options: { maxBytes: number; load: (key: string) => Promise<Loaded<Value>> }) {
    this.#maxBytes = options.maxBytes;
    this.#load = options.load;
  }

  async get(key: string): Promise<Value> {
    const entry = this.#entries.get(key) ?? { loaded: this.#load(key), bytes: 0 };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    try {
      const { value, bytes } = await entry.loaded;
      entry.bytes = bytes;
      this.#evict(entry);
      return value;
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      throw error;
    }
  }

  /** The value just asked for stays, even if it alone is larger than the limit. */
  #evict(inUse: Entry<Value>): void {
    let total = [...this.#entries.values()].reduce((sum, entry) => sum + entry.bytes, 0);
    for (const [key, entry] of this.#entries) {
      if (total <= this.#maxBytes) return;
      if (entry === inUse) continue;
      this.#entries.delete(key);
      total -= entry.bytes;
    }
  }
}
