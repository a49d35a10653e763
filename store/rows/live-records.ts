/** What happened since, of one run or of all: lines of logs, and what people are to be told. */
import type { StoredAnnouncement } from './announcement-records.ts';
import type { Phase } from '../../domain/words/run.ts';

export interface LoggedEvent {
  /** Rises with every line of every run. */
  readonly seq: number;
  readonly runId: string;
  readonly key: string;
  readonly at: string;
  readonly phase: Phase;
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
}

/** How far somebody has read. */
export interface LivePlace {
  /** Of log lines, the number of the last one. */
  readonly log: number;
  /** Of announcements. */
  readonly told: number;
}

export interface LiveReader {
  /** The end of both, now. */
  livePlace(): Promise<LivePlace>;
  /** In order; of one run, if asked. */
  logAfter(page: { after: number; limit: number; runId?: string }): Promise<readonly LoggedEvent[]>;
  /** In order; of one run, if asked. */
  toldAfter(page: { after: number; limit: number; runId?: string }): Promise<readonly StoredAnnouncement[]>;
}
