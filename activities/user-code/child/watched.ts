/** What the thread of a user's code and the one that watches it share. */

export interface Watched {
  /** `CLOCK`, `LIMIT` and `ITEM` are its places. */
  readonly shared: Int32Array;
  readonly startMs: number;
  readonly memoryBytes: number;
}

/** When the watched thread last turned around, in ms since `startMs`. */
export const CLOCK = 0;
/** How long it may not, in ms; 0: it has nothing to do. */
export const LIMIT = 1;
/** Which item of a batch the watched thread is in, counted from 1; 0: none that one could tell. */
export const ITEM = 2;
export const PLACES = 3;
