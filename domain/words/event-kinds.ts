/** The kinds of what a person may want to be told of. */

/**
 * As `type` of what is delivered; a level is how loud it is told.
 */
export const EVENTS = {
  'run.finished': 'info',
  'run.failed': 'error',
  'run.cancelled': 'warn',
  /** Ended from outside: its end was not recorded by itself. */
  'run.crashed': 'error',
  'run.diverged': 'error',
  'run.paused': 'info',
  /** The account refuses the key, or the platform has been away for days. */
  'run.parked': 'error',
  'run.rewound': 'warn',
  /** For capacity. */
  'run.waiting': 'warn',
  'evaluation.void': 'warn',
  'evaluation.frozen': 'warn',
  /** Half of it, four fifths, all. */
  'budget.spent': 'warn',
  'promotion.awaiting-approval': 'warn',
  'promotion.promoted': 'info',
  /** By the gate, by a person, or by nobody having answered in time. */
  'promotion.refused': 'warn',
  'promotion.failed': 'error',
  'promotion.undone': 'warn',
  'sweep.finished': 'info',
  'schedule.fired': 'info',
  'schedule.skipped': 'warn',
  'schedule.missed': 'warn',
  'schedule.paused': 'warn',
  'orphan.found': 'warn',
  /** `pawl notify test`. */
  test: 'info',
} as const satisfies Record<string, 'info' | 'warn' | 'error'>;

export type EventKind = keyof typeof EVENTS;

export const EVENT_KINDS = Object.keys(EVENTS) as [EventKind, ...EventKind[]];
