/** What a store's thread is asked, and what it answers. */

export type Parameter = string | number | bigint | null | Uint8Array;
/** Bytes come back as their buffer. */
type Value = Exclude<Parameter, Uint8Array> | ArrayBuffer;

export type Request =
  /** Opens the file, or opens it anew where it was moved away. */
  | {
      readonly kind: 'open';
      readonly path: string;
      readonly busyTimeoutMs: number;
      readonly readonly: boolean;
      /** Whether the file may be made. */
      readonly create: boolean;
    }
  /** One statement; outside a transaction a write is one of its own. */
  | { readonly kind: 'query'; readonly sql: string; readonly parameters: readonly Parameter[] }
  /** Statements whose rows nobody wants. */
  | { readonly kind: 'exec'; readonly sql: string }
  /** Closes the file for good, and takes the log of one that was moved away out of the way; `ifMoved`: only then. */
  | { readonly kind: 'leave'; readonly ifMoved: boolean }
  | { readonly kind: 'close' };

export interface QueryRows {
  readonly rows: readonly Record<string, Value>[];
  /** Of a statement that writes. */
  readonly changes?: number;
  /** Of `leave`: it was not moved, and stays open. */
  readonly stays?: boolean;
}

/** SQLite's code where it has one; `MOVED`: the path leads to another file by now, or to none. */
export interface Failure {
  readonly message: string;
  readonly code?: string;
}

export const MOVED = 'MOVED';

export interface Asked {
  readonly id: number;
  readonly request: Request;
}

export type Answer =
  { readonly id: number; readonly result: QueryRows } | { readonly id: number; readonly failure: Failure };
