/** A thread's memory of the last thing that took long to make: for as long as it is asked for, and a little longer. */

/** A thread without work gives memory back, which may be hundreds of megabytes. */
const KEPT_MS = 20_000;

export class Kept<Value> {
  #last: { readonly key: string; readonly value: Promise<Value> } | undefined;
  #forgetting: NodeJS.Timeout | undefined;

  /** What `make` made for this key, if that was the last key; else it is asked. */
  async get(key: string, make: () => Promise<Value>): Promise<Value> {
    if (this.#last?.key !== key) {
      // The old one goes first: two large ones may be more than a thread has.
      this.#last = undefined;
      this.#last = { key, value: make() };
    }
    clearTimeout(this.#forgetting);
    this.#forgetting = setTimeout(() => this.#forget(), KEPT_MS).unref();
    return this.#last.value;
  }

  /** Where one task takes longer than that, the next may be waiting already: it is given as long again to ask. */
  #forget(): void {
    this.#forgetting = setTimeout(() => (this.#last = undefined), KEPT_MS).unref();
  }
}
