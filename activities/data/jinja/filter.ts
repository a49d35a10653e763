/** What a filter and a test are. */
import type { Call, Value } from './values.ts';

export type Filter = (value: Value, call: Call, known: Known) => Value;
export type Test = (value: Value, call: Call, known: Known) => boolean;

/** The filters and tests there are, for those that apply others by name. */
export interface Known {
  readonly filters: ReadonlyMap<string, Filter>;
  readonly tests: ReadonlyMap<string, Test>;
}
