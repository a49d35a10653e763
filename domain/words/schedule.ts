/** Schedules: what is kept of one, what it fires, what it is asked for, and what it says. */
import type { Overlap, ScheduleSpec } from '../spec/schedule-spec.ts';
import type { RunInput } from './run.ts';
import type { SweepInput } from './sweep-workflow.ts';

export const FIRING_WORKFLOW_TYPE = 'firing';
export const SCHEDULE_ORDER_WORKFLOW_TYPE = 'scheduleOrder';

/** How what it started is told from the rest. */
export const SCHEDULE_TAG = 'schedule';

/** Its id at Temporal: of this store and place. Firings are called by it and by the time that they were due. */
export function temporalScheduleId(taskQueue: string, name: string): string {
  return `pawl-schedule-${taskQueue}-${name}`;
}

/** As Temporal calls what a schedule starts: by the second that it was due, without the jitter. */
export function firingWorkflowId(scheduleId: string, nominalMs: number): string {
  return `${scheduleId}-${new Date(nominalMs).toISOString().replace(/\.\d+Z$/, 'Z')}`;
}

/** What a schedule is, with absolute paths: the action of the Temporal schedule carries it. */
export interface Schedule {
  readonly spec: ScheduleSpec;
  /** The schedule file, which the paths in `spec` and what is wrong with them are told from. */
  readonly file: string;
  readonly askedBy: string;
}

/** `missed` and `skipped` never began; `unchanged` looked at its data and rented nothing. */
export type FiringState = 'running' | 'finished' | 'failed' | 'cancelled' | 'unchanged' | 'skipped' | 'missed';

export interface Firing {
  readonly schedule: string;
  /** When it was due, without the jitter; of one that was asked for by hand, when that was. ISO-8601 in UTC. */
  readonly nominalAt: string;
  readonly state: FiringState;
  readonly firedAt?: string;
  readonly endedAt?: string;
  /** The run or sweep. */
  readonly kind?: 'run' | 'sweep';
  readonly subject?: string;
  /** Hash of the data that it was about, where that is asked. */
  readonly dataHash?: string;
  /** Why it ended so, or never began. */
  readonly reason?: string;
}

/** What is started; pinned when it is first asked for, so that it is the same whoever asks again. */
export type FiringPlan =
  | { readonly kind: 'run'; readonly id: string; readonly input: RunInput }
  | { readonly kind: 'sweep'; readonly id: string; readonly input: SweepInput }
  | { readonly kind: 'nothing'; readonly state: FiringState; readonly reason: string };

export interface FiringEnd {
  readonly state: Extract<FiringState, 'finished' | 'failed' | 'cancelled'>;
  readonly reason: string;
}

export interface ScheduleEvent {
  readonly at: string;
  readonly message: string;
}

/** What Temporal says of a schedule. */
export interface ScheduleSight {
  readonly paused: boolean;
  readonly note?: string;
  /** The next ten, with their jitter. */
  readonly next: readonly string[];
  /** Since it was made, as Temporal counts. */
  readonly taken: number;
  readonly skipped: number;
  readonly missed: number;
  /** Firings that are under way, by when they were due. */
  readonly running: readonly string[];
}

/** A field of the schedule file that Temporal refuses. */
export interface Refusal {
  readonly path: readonly string[];
  readonly message: string;
}

export type ScheduleOrder =
  | { readonly verb: 'put'; readonly schedule: Schedule; readonly replace: boolean }
  | { readonly verb: 'pause' | 'resume'; readonly name: string; readonly by: string; readonly note?: string }
  | { readonly verb: 'remove'; readonly name: string; readonly by: string }
  | { readonly verb: 'fire'; readonly name: string; readonly by: string; readonly overlap?: Overlap }
  | {
      readonly verb: 'backfill';
      readonly name: string;
      readonly by: string;
      readonly from: string;
      readonly until: string;
      readonly overlap: Overlap;
    }
  /** Looks after what did not fire, too. */
  | { readonly verb: 'look'; readonly names?: readonly string[] };

export interface ScheduleAnswer {
  readonly refused?: readonly Refusal[];
  /** By name; of those that Temporal knows. */
  readonly sights?: Readonly<Record<string, ScheduleSight>>;
  /** Of a backfill: the times it is about. */
  readonly times?: readonly string[];
}

export interface ScheduleActivities {
  orderSchedule(order: ScheduleOrder): Promise<ScheduleAnswer>;
  /** Reads the files, pins what they name and writes it down; asked again, it is what was written down. */
  openFiring(input: { readonly schedule: Schedule; readonly nominalAt: string }): Promise<FiringPlan>;
  /** What became of a run or sweep by Temporal's word; null: it goes on. */
  lookFired(input: { readonly id: string }): Promise<FiringEnd | null>;
  closeFiring(input: { readonly schedule: Schedule; readonly nominalAt: string } & FiringEnd): Promise<void>;
  /** Writes down what did not fire, of every schedule. */
  auditSchedules(): Promise<void>;
}
