/** Channels and what is still to be delivered, as lines. */
import type { NotifyView } from '../../notify/notify.ts';
import { table } from './tables.ts';

export function notifyLines({ channels, undelivered }: NotifyView): string[] {
  if (channels.length === 0) return ['no channels: write notify.yaml into the home (docs/notifications.md)'];
  const rows = channels.map(({ name, kind, byDefault, delivered, waiting, givenUp, problem }) => [
    name,
    kind,
    byDefault ? 'yes' : '',
    String(delivered),
    String(waiting),
    String(givenUp),
    problem ?? 'ok',
  ]);
  return [
    table(['channel', 'kind', 'default', 'delivered', 'waiting', 'given up', 'state'], rows),
    ...(undelivered.length === 0 ? [] : ['', 'not delivered:']),
    ...undelivered.map(({ channel, announcement, state, attempts, nextAt, problem = 'not tried yet' }) => {
      const next = state === 'given-up' ? 'given up' : `next ${nextAt ?? 'at once'}`;
      return `${announcement.at} ${channel}: ${announcement.title} (${attempts} attempts, ${next}): ${problem}`;
    }),
  ];
}
