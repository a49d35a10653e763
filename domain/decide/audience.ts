/** Who is told of an event. Pure. */
import { EVENT_KINDS, type EventKind } from '../words/event-kinds.ts';
import type { NotifySpec } from '../spec/notify-spec.ts';

/** That a schedule fired is no news to whoever made it. */
const NOT_BY_DEFAULT: readonly EventKind[] = ['schedule.fired'];
const BY_DEFAULT: readonly EventKind[] = EVENT_KINDS.filter((kind) => !NOT_BY_DEFAULT.includes(kind));

/** What is told of a trial itself: the rest its sweep tells, in one word for all of them. */
const OF_TRIALS: readonly EventKind[] = ['orphan.found', 'run.parked', 'run.waiting'];

const DEFAULT_REWINDS = 3;
const DEFAULT_WAITING_HOURS = 1;

export interface ToldEvent {
  readonly kind: EventKind;
  readonly data: Readonly<Record<string, string | number | boolean>>;
  /** Of a run that is a trial of a sweep. */
  readonly trial?: boolean;
}

/** Channels by name, each once. `own`: what the subject says itself; what it leaves open the service decides. */
export function audienceOf(event: ToldEvent, own: NotifySpec | undefined, defaults: NotifySpec): readonly string[] {
  const { channels } = own ?? defaults;
  return wanted(event, { ...defaults, ...own }) ? [...new Set(channels)] : [];
}

function wanted({ kind, data, trial = false }: ToldEvent, notify: Omit<NotifySpec, 'channels'>): boolean {
  const { events = BY_DEFAULT } = notify;
  if (kind === 'test') return true;
  return events.includes(kind) && (!trial || OF_TRIALS.includes(kind)) && isEnough(kind, data, notify);
}

/** Of what happens again and again, or goes on for long. */
function isEnough(kind: EventKind, data: ToldEvent['data'], notify: Omit<NotifySpec, 'channels'>): boolean {
  const { rewinds = DEFAULT_REWINDS, waitingHours = DEFAULT_WAITING_HOURS } = notify;
  if (kind === 'run.rewound') return Number(data['rewinds'] ?? 0) > rewinds;
  if (kind === 'run.waiting') return Number(data['hours'] ?? 0) >= waitingHours;
  return true;
}
