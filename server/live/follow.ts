/** What happens, as server-sent events: each once and in order, from wherever the reader left off. */
import type { Records } from '../../client/runs/records.ts';
import type { StoredAnnouncement } from '../../store/rows/announcement-records.ts';
import type { LivePlace, LoggedEvent } from '../../store/rows/live-records.ts';
import { Problem } from '../problem.ts';
import type { Tail } from './tail.ts';

/** Rows of one look: a reader who is slow has so much waiting for him, and no more. */
const PAGE = 100;
/** Proxies end connections on which nothing is heard for long. */
const HEARTBEAT_MS = 15_000;
/** After which a client is to come back. */
const RETRY_MS = 1_000;

export interface Following {
  readonly runId?: string;
  /** Absent: from now on. */
  readonly after?: LivePlace;
  readonly signal: AbortSignal;
}

interface Ports {
  readonly records: Pick<Records, 'livePlace' | 'logAfter' | 'toldAfter'>;
  readonly tail: Tail;
}

/**
 * Goes on as the reader takes it, so that whoever reads slowly makes nothing grow. Numbers are given in the order of
 * writing, and one writer at a time has the store: what has a lower number than something that is seen is seen too.
 */
export async function* follow({ records, tail }: Ports, { runId, after, signal }: Following): AsyncGenerator<string> {
  const begin = await records.livePlace();
  let place = after === undefined ? begin : notBehind(after, begin);
  yield `retry: ${RETRY_MS}\n${frame('begin', place, place)}`;
  const of = runId === undefined ? {} : { runId };
  while (!signal.aborted) {
    const now = await records.livePlace();
    const log = await records.logAfter({ after: place.log, limit: PAGE, ...of });
    const told = await records.toldAfter({ after: place.told, limit: PAGE, ...of });
    let text = '';
    for (const line of log) {
      place = { ...place, log: line.seq };
      text += frame('log', place, lineOf(line));
    }
    for (const announcement of told) {
      place = { ...place, told: announcement.seq };
      text += frame('announcement', place, announcementOf(announcement));
    }
    // Of a run, what happened to others needs no second look.
    if (log.length < PAGE) place = { ...place, log: Math.max(place.log, now.log) };
    if (told.length < PAGE) place = { ...place, told: Math.max(place.told, now.told) };
    if (text !== '') yield text;
    else if (!(await tail.changed(place, { ms: HEARTBEAT_MS, signal }))) yield ': nothing new\n\n';
  }
}

/** A store that was set back has numbers below those that were handed out. */
function notBehind(after: LivePlace, end: LivePlace): LivePlace {
  return { log: Math.min(after.log, end.log), told: Math.min(after.told, end.told) };
}

function lineOf({ runId, at, phase, level, message, key }: LoggedEvent): object {
  return { runId, at, phase, level, message, key };
}

function announcementOf({ id, kind, subject, at, title, data }: StoredAnnouncement): object {
  return { id, kind, subject, at, title, data };
}

/** JSON has no line breaks of its own. */
function frame(event: string, { log, told }: LivePlace, data: object): string {
  return `id: ${log}.${told}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

export function placeOfId(id: string): LivePlace {
  const [, log, told] = /^(\d{1,15})\.(\d{1,15})$/.exec(id) ?? [];
  if (log !== undefined && told !== undefined) return { log: Number(log), told: Number(told) };
  const detail = 'Last-Event-ID: no event has this id. Hand back the id of the last event that was read, as it is.';
  throw new Problem('invalid-request', { detail, errors: [{ detail, parameter: 'Last-Event-ID' }] });
}
