/** The report that goes with the message of an end. */
import type { EventKind } from '../../domain/words/event-kinds.ts';
import { runReport, sweepReport, toHtml, type ReportDocument } from '../../report/index.ts';
import type { Store, StoredAnnouncement } from '../../store/index.ts';
import type { Attachment } from './message.ts';

const ENDS: readonly EventKind[] = ['run.finished', 'run.failed', 'run.cancelled', 'run.crashed', 'run.diverged'];

/** Undefined: none goes with it. */
export async function reportOn(
  store: Store,
  { kind, subject: { id } }: StoredAnnouncement,
): Promise<Attachment | undefined> {
  const document = await documentOn(store, kind, id);
  return document && { name: `${id}.html`, html: toHtml(document) };
}

async function documentOn(store: Store, kind: EventKind, id: string): Promise<ReportDocument | undefined> {
  if (ENDS.includes(kind)) return runReport(store, id, Date.now());
  if (kind !== 'sweep.finished') return undefined;
  const sweep = await store.sweep(id);
  return sweep && sweepReport(store, sweep, Date.now());
}
