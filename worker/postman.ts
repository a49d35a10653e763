/**
 * Looks into the outbox, decides who is told, and wakes the couriers of those channels. Every worker does: what one leaves
 * when it is killed, another finds, or the next one. The deliveries themselves are workflows.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Channels } from '../activities/notify/channels.ts';
import { routeAnnouncements } from '../activities/notify/route.ts';
import { COURIER_WORKFLOW_TYPE, courierId } from '../domain/words/notify.ts';
import { RUN_TASK_TIMEOUT } from '../domain/words/names.ts';
import type { Store } from '../store/index.ts';
import { wakeSignal } from '../workflows/notify/courier.ts';

const LOOK_MS = 1_000;

/** Who was decided on and not woken, as the process died in between, is woken after so many looks; and with the first. */
const LOOKS_PER_ROUND = 60;

export interface Postman {
  end(): Promise<void>;
}

export function startPostman(given: {
  readonly store: Store;
  readonly channels: Channels;
  readonly client: Client;
  readonly taskQueue: string;
  readonly logger: Logger;
}): Postman {
  const { store, channels, logger } = given;
  const ending = new AbortController();
  const look = async (count: number): Promise<void> => {
    const due = new Set(await routeAnnouncements(store, channels));
    if (count % LOOKS_PER_ROUND === 0) {
      for (const { channel, state } of await store.deliveryCounts()) if (state === 'waiting') due.add(channel);
    }
    for (const channel of due) await wake(given, channel);
  };
  const done = (async (): Promise<void> => {
    for (let count = 0; !ending.signal.aborted; count++) {
      await look(count).catch((err: unknown) => logger.warn({ err }, 'the outbox was not looked at'));
      await sleep(LOOK_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();
  return {
    async end() {
      ending.abort();
      await done;
    },
  };
}

async function wake({ client, taskQueue }: { client: Client; taskQueue: string }, channel: string): Promise<void> {
  await client.workflow.signalWithStart(COURIER_WORKFLOW_TYPE, {
    workflowId: courierId(channel, taskQueue),
    taskQueue,
    workflowTaskTimeout: RUN_TASK_TIMEOUT,
    args: [channel],
    signal: wakeSignal,
  });
}
