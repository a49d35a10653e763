/** Tokens as text: words separated by blanks. Special tokens can be stopped at, but are not shown. */

const SPECIAL = /^<.*>$/;

export class TextSoFar {
  readonly #vocabulary: readonly string[];
  /** Everything, special tokens included: what stop strings are looked for in. */
  #full = '';
  /** What a reader sees. */
  #shown = '';

  constructor(vocabulary: readonly string[]) {
    this.#vocabulary = vocabulary;
  }

  get shown(): string {
    return this.#shown;
  }

  /** Adds a token and returns the text it adds for a reader. */
  add(token: number): string {
    const word = this.#vocabulary[token] ?? '';
    this.#full += this.#full === '' ? word : ` ${word}`;
    if (SPECIAL.test(word)) return '';
    const piece = this.#shown === '' ? word : ` ${word}`;
    this.#shown += piece;
    return piece;
  }

  /** Where the earliest of these strings begins in the full text, if any occurs. */
  endsAt(stops: readonly string[]): number | undefined {
    const places = stops.map((stop) => this.#full.indexOf(stop)).filter((place) => place >= 0);
    return places.length === 0 ? undefined : Math.min(...places);
  }
}
