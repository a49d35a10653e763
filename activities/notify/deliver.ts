/** Delivers what is due on one channel: at least once, under an id that stays, in order of each subject. */
import { retryAtMs } from '../../domain/decide/redelivery.ts';
import type { NotifyActivities } from '../../domain/words/notify.ts';
import type { Delivery, DeliveryOutcome, Store } from '../../store/index.ts';
import { signal } from '../guard.ts';
import type { Channels } from './channels.ts';
import type { Attachment } from './message.ts';
import { reportOn } from './report.ts';
import { send } from './send.ts';
import type { Sent } from './sent.ts';

/** A round is short: whatever is announced meanwhile has its turn. */
const ROUND_MS = 60_000;
const PAGE = 20;

interface Ports {
  readonly store: Store;
  readonly channels: Channels;
}

export function delivering({ store, channels }: Ports): NotifyActivities {
  async function attempt({ channel, announcement, attempts, firstAt }: Delivery): Promise<void> {
    const message = { announcement, ...(await attached(channel, announcement)) };
    const sent = await send(channels, channel, message, signal());
    // A worker that is killed here sends it again, under the same id.
    const outcome = outcomeOf(sent, {
      attempts: attempts + 1,
      firstMs: firstAt === undefined ? undefined : Date.parse(firstAt),
    });
    await store.noteDelivery({ channel, announcementId: announcement.id }, outcome);
  }

  /** Made for who can carry it; a report that fails is no reason to be silent. */
  async function attached(channel: string, announcement: Delivery['announcement']): Promise<{ report?: Attachment }> {
    if (channels.find(channel)?.kind !== 'email') return {};
    const made = await reportOn(store, announcement).catch(() => undefined);
    return made === undefined ? {} : { report: made };
  }

  return {
    async deliver({ channel }) {
      const untilMs = Date.now() + ROUND_MS;
      for (;;) {
        const heads = await store.heads(channel, PAGE);
        const nowMs = Date.now();
        const dueIn = heads.map(({ nextAt }) => (nextAt === undefined ? 0 : Math.max(0, Date.parse(nextAt) - nowMs)));
        const due = heads.filter((_, index) => dueIn[index] === 0);
        if (due.length === 0) return heads.length === 0 ? {} : { nextInMs: Math.min(...dueIn) };
        for (const delivery of due) {
          await attempt(delivery);
          if (Date.now() >= untilMs) return { nextInMs: 0 };
        }
      }
    },

    async tryChannel({ channel, id, askedBy }) {
      const announcement = {
        id: `channel:${channel}:test:${id}`,
        seq: 0,
        kind: 'test',
        subject: { kind: 'channel', id: channel },
        at: new Date().toISOString(),
        title: `pawl can tell you of things by ${channel}: asked for by ${askedBy}`,
        data: {},
      } as const;
      const sent = await send(channels, channel, { announcement }, signal());
      return sent.kind === 'sent' ? {} : { problem: sent.problem };
    },
  };
}

function outcomeOf(
  sent: Sent,
  { attempts, firstMs }: { readonly attempts: number; readonly firstMs: number | undefined },
): DeliveryOutcome {
  if (sent.kind === 'sent') return { state: 'delivered' };
  const nowMs = Date.now();
  const times = { attempts, firstMs: firstMs ?? nowMs, nowMs };
  const { problem } = sent;
  if (sent.kind === 'refused') return { state: 'given-up', problem };
  const nextMs = retryAtMs(times, { spread: Math.random(), ...(sent.hintMs !== undefined && { hintMs: sent.hintMs }) });
  if (nextMs === undefined) return { state: 'given-up', problem };
  return { state: 'waiting', nextAt: new Date(nextMs).toISOString(), problem };
}
