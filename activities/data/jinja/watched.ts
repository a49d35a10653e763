/** A mapping that remembers which of its keys were asked for: what a template never looks at must not seem used. */
export class WatchedDict<Key, Value> extends Map<Key, Value> {
  readonly read = new Set<Key>();

  override get(key: Key): Value | undefined {
    this.read.add(key);
    return super.get(key);
  }

  override has(key: Key): boolean {
    this.read.add(key);
    return super.has(key);
  }

  override keys(): MapIterator<Key> {
    this.#all();
    return super.keys();
  }

  override values(): MapIterator<Value> {
    this.#all();
    return super.values();
  }

  override entries(): MapIterator<[Key, Value]> {
    this.#all();
    return super.entries();
  }

  override [Symbol.iterator](): MapIterator<[Key, Value]> {
    return this.entries();
  }

  #all(): void {
    for (const key of super.keys()) this.read.add(key);
  }
}
