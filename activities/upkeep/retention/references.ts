/** Which artifacts something refers to, and what: by every hash that stands in it, so that new fields count too. Pure. */

const HASH = /\b[0-9a-f]{64}\b/g;

interface Source {
  readonly reason: string;
  readonly content: unknown;
}

/** By hash, the first thing that refers to it. */
export class References {
  readonly #found = new Map<string, string>();

  add({ reason, content }: Source): void {
    for (const [hash] of (JSON.stringify(content) ?? '').matchAll(HASH)) {
      if (!this.#found.has(hash)) this.#found.set(hash, reason);
    }
  }

  get(hash: string): string | undefined {
    return this.#found.get(hash);
  }
}
