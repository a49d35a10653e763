/** What every route works with. */
import type { ClientConfig } from '../client/config.ts';
import type { Runs } from '../client/runs/runs.ts';
import type { Tail } from './live/tail.ts';

export interface Services {
  readonly config: ClientConfig;
  readonly runs: Runs;
  readonly tail: Tail;
}
