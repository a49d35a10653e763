/** What is asked of Temporal about schedules: worker/ hands it in. */
import type { Overlap } from '../../domain/spec/schedule-spec.ts';
import type { Refusal, Schedule, ScheduleSight } from '../../domain/words/schedule.ts';

export interface ScheduleDesk {
  /** What Temporal would refuse of a calendar; empty: it would fire. Nothing is left behind. */
  tryOut(schedule: Schedule): Promise<readonly Refusal[]>;
  /** Makes it, or brings it up to date; one that is paused stays so. */
  put(schedule: Schedule): Promise<void>;
  /** Undefined: Temporal knows no such schedule. */
  look(name: string): Promise<ScheduleSight | undefined>;
  pause(name: string, note: string): Promise<void>;
  resume(name: string, note: string): Promise<void>;
  fire(name: string, overlap?: Overlap): Promise<void>;
  backfill(name: string, span: { from: Date; until: Date; overlap: Overlap }): Promise<void>;
  remove(name: string): Promise<void>;
  /** When it is due between two moments, with its jitter, in order; those after `from`, and at `until`. */
  due(name: string, span: { from: Date; until: Date }): Promise<readonly Date[]>;
  /** The workflow of a firing, by when it was due. */
  workflowId(name: string, nominalMs: number): string;
}
