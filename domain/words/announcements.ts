/** What a person wants to be told of, wherever he is: written with the fact itself, and delivered afterwards. */
import type { EventKind } from './event-kinds.ts';
import type { NotifySpec } from '../spec/notify-spec.ts';

/** What an event is of: of each subject they are delivered in order. */
export interface Subject {
  readonly kind: 'run' | 'sweep' | 'schedule' | 'promotion' | 'account' | 'channel';
  readonly id: string;
}

export interface Announcement {
  readonly kind: EventKind;
  readonly subject: Subject;
  /** Tells it from others of its kind and subject. A function of the fact, never of the moment at which it is written. */
  readonly ordinal: string | number;
  /** One line that stands for itself. */
  readonly title: string;
  /** Little, and nothing secret. */
  readonly data?: Readonly<Record<string, string | number | boolean>>;
  /** Who is told; absent: whom the subject's own experiment or sweep names, else the service's default. */
  readonly notify?: NotifySpec;
}

/**
 * The same for the same fact, however often it is written: `run:night-1a2b3c4d:run_finished:end`. Without full stops, which
 * divide what a webhook signs.
 */
export function announcementId({ kind, subject, ordinal }: Pick<Announcement, 'kind' | 'subject' | 'ordinal'>): string {
  return [subject.kind, subject.id, kind.replace('.', '_'), String(ordinal)].map(plain).join(':');
}

function plain(part: string): string {
  return part.replace(/[^\w-]/g, (character) => `~${(character.codePointAt(0) ?? 0).toString(16)}`);
}
