/** Columns of schedules and their firings. */
import type { Generated } from 'kysely';
import type { FiringState } from '../../domain/words/schedule.ts';

interface SchedulesTable {
  name: string;
  spec: string;
  file: string;
  askedBy: string;
  createdAt: string;
  updatedAt: string;
  auditedUntil: string;
  pausedSince: string | null;
  pauseNote: string | null;
  removedAt: string | null;
}

interface FiringsTable {
  schedule: string;
  nominalAt: string;
  state: FiringState;
  firedAt: string | null;
  endedAt: string | null;
  kind: 'run' | 'sweep' | null;
  subject: string | null;
  plan: string | null;
  dataHash: string | null;
  reason: string | null;
}

interface ScheduleEventsTable {
  seq: Generated<number>;
  schedule: string;
  key: string;
  at: string;
  message: string;
}

export interface ScheduleTables {
  schedules: SchedulesTable;
  firings: FiringsTable;
  scheduleEvents: ScheduleEventsTable;
}
