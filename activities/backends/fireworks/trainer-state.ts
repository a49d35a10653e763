/** What the platform's words for a trainer's state mean. Pure. */
import type { TrainerStatus } from '../../ports.ts';

const PHASES: Readonly<Record<string, TrainerStatus['phase']>> = {
  JOB_STATE_PENDING: 'waiting-for-capacity',
  JOB_STATE_RUNNING: 'running',
  JOB_STATE_PAUSED: 'ended',
  JOB_STATE_EARLY_STOPPED: 'ended',
  JOB_STATE_COMPLETED: 'ended',
  JOB_STATE_FAILED: 'ended',
  JOB_STATE_EXPIRED: 'ended',
  JOB_STATE_CANCELLING: 'ended',
  JOB_STATE_CANCELLED: 'ended',
  JOB_STATE_DELETING: 'ended',
  JOB_STATE_DELETING_CLEANING_UP: 'ended',
  JOB_STATE_DELETED: 'deleted',
  JOB_STATE_ARCHIVED: 'deleted',
};

/** A state that a later platform adds is one on the way up, until it says otherwise. */
export function trainerPhase(state: string): TrainerStatus['phase'] {
  return PHASES[state] ?? 'starting';
}

/** No wait mends these. */
export function endsWait({ state, phase }: Pick<TrainerStatus, 'state' | 'phase'>): boolean {
  return phase === 'deleted' || state === 'JOB_STATE_FAILED';
}

/** Ended in a way that `:resume` undoes. */
export function canResume(state: string): boolean {
  return ['JOB_STATE_FAILED', 'JOB_STATE_CANCELLED', 'JOB_STATE_PAUSED', 'JOB_STATE_COMPLETED'].includes(state);
}
