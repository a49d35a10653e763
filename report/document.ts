/** A report as a document: what it says, apart from how it is written. Texts are as they were told; writers escape them. */

export interface Point {
  readonly x: number;
  readonly y: number;
  /** An interval around it. */
  readonly low?: number;
  readonly high?: number;
}

export interface Curve {
  readonly title: string;
  readonly xName: string;
  readonly points: readonly Point[];
  /** How a value is written. */
  readonly format: (value: number) => string;
}

export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'facts'; readonly facts: readonly (readonly [name: string, value: string])[] }
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'curve'; readonly curve: Curve };

export interface ReportDocument {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export function heading(text: string): Block {
  return { kind: 'heading', text };
}

export function text(said: string): Block {
  return { kind: 'text', text: said };
}

export function facts(pairs: readonly (readonly [string, string | undefined])[]): Block {
  return {
    kind: 'facts',
    facts: pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  };
}

/** With nothing in it, a sentence instead. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], none: string): Block {
  return rows.length === 0 ? text(none) : { kind: 'table', head, rows };
}
