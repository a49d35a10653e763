/** What is delivered: an event in the words of each kind of channel. The same event is the same bytes, whenever it goes. */
import { EVENTS } from '../../domain/words/event-kinds.ts';
import type { StoredAnnouncement } from '../../store/index.ts';

/** A document that goes with a message, by whatever way can carry it. */
export interface Attachment {
  readonly name: string;
  readonly html: string;
}

export interface Message {
  readonly announcement: StoredAnnouncement;
  readonly report?: Attachment;
}

/** As Standard Webhooks has it: a type, a time, and what it is about. */
export function jsonOf({ announcement }: Message): string {
  const { kind, at, subject, title, data } = announcement;
  return JSON.stringify({ type: kind, timestamp: at, data: { level: EVENTS[kind], title, subject, ...data } });
}

const MARKS = { info: '', warn: '⚠ ', error: '✖ ' } as const;

export function lineOf({ announcement: { kind, title } }: Message): string {
  return `${MARKS[EVENTS[kind]]}${title}`;
}

/** Slack reads & < > as marks of its own; `<!channel>` would wake everybody. */
export function slackOf(message: Message): string {
  const text = lineOf(message).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const { subject } = message.announcement;
  const more = subject.kind === 'run' ? `\n\`pawl report ${subject.id}\`` : '';
  return JSON.stringify({ text: `${text}${more}` });
}

export function plainOf(message: Message): string {
  const { announcement } = message;
  const { subject, at, id, data } = announcement;
  const facts = Object.entries(data).map(([name, value]) => `${name}: ${String(value)}`);
  const report = message.report === undefined ? [] : ['', 'The report is attached.'];
  return [lineOf(message), '', `${subject.kind}: ${subject.id}`, `at: ${at}`, ...facts, ...report, '', id].join('\n');
}
