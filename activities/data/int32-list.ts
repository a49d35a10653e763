/** A growing list of int32s in one piece of memory: a quarter of what an array of numbers needs, and no garbage. */
export class Int32List {
  #memory = new Int32Array(1_024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(...values: readonly number[]): void {
    this.append(values);
  }

  /** One, without an array around it. */
  add(value: number): void {
    this.#grow(this.#length + 1);
    this.#memory[this.#length] = value;
    this.#length += 1;
  }

  append(values: ArrayLike<number>): void {
    const needed = this.#length + values.length;
    this.#grow(needed);
    this.#memory.set(values, this.#length);
    this.#length = needed;
  }

  #grow(needed: number): void {
    if (needed <= this.#memory.length) return;
    const larger = new Int32Array(Math.max(needed, this.#memory.length * 2));
    larger.set(this.view());
    this.#memory = larger;
  }

  /** Valid until the next append. */
  view(): Int32Array {
    return this.#memory.subarray(0, this.#length);
  }
}
