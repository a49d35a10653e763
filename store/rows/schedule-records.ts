/** Schedules in the words of the domain: what workers write of them and people read. */
import type { Announcement } from '../../domain/words/announcements.ts';
import type {
  Firing,
  FiringEnd,
  FiringPlan,
  FiringState,
  Schedule,
  ScheduleEvent,
} from '../../domain/words/schedule.ts';

export interface StoredSchedule extends Schedule {
  readonly name: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Every earlier time is on record, fired or not. */
  readonly auditedUntil: string;
  readonly pausedSince?: string;
  readonly pauseNote?: string;
  readonly removedAt?: string;
}

export interface ScheduleReader {
  /** One that was removed too. */
  schedule(name: string): Promise<StoredSchedule | undefined>;
  /** By name, without those that were removed. */
  schedules(): Promise<readonly StoredSchedule[]>;
  firing(schedule: string, nominalAt: string): Promise<(Firing & { readonly plan?: FiringPlan }) | undefined>;
  /** Newest first; `since`: those that were due from then on, or still go on. */
  firings(schedule: string, options: { readonly limit: number; readonly since?: string }): Promise<readonly Firing[]>;
  /** Those whose end is not on record. */
  runningFirings(schedule: string): Promise<readonly Firing[]>;
  /** The newest that finished and whose data is known. */
  lastData(schedule: string): Promise<Firing | undefined>;
  /** Newest first. */
  scheduleEvents(schedule: string, options: { readonly limit: number }): Promise<readonly ScheduleEvent[]>;
}

/** Writing twice is writing once. */
export interface ScheduleWriter {
  /** Replaces what it was; one that was removed is there again, from now on. */
  saveSchedule(schedule: Schedule): Promise<void>;
  markSchedule(
    name: string,
    marks: {
      readonly pausedSince?: string | null;
      readonly pauseNote?: string | null;
      readonly auditedUntil?: string;
      readonly removedAt?: string;
    },
  ): Promise<void>;
  /** The first plan stands; it replaces the word that the time was skipped or missed. */
  openFiring(
    schedule: string,
    nominalAt: string,
    opened: { readonly plan: FiringPlan; readonly dataHash?: string; readonly told?: readonly Announcement[] },
  ): Promise<FiringPlan>;
  /** The first end stands. */
  endFiring(
    schedule: string,
    nominalAt: string,
    end: FiringEnd & { readonly told?: readonly Announcement[] },
  ): Promise<void>;
  /** Nothing, where it is on record already. */
  noteUnfired(
    schedule: string,
    nominalAt: string,
    why: {
      readonly state: Extract<FiringState, 'skipped' | 'missed'>;
      readonly reason: string;
      readonly told?: readonly Announcement[];
    },
  ): Promise<void>;
  addScheduleEvent(schedule: string, event: { readonly key: string; readonly message: string }): Promise<void>;
}
