/**
 * A channel's courier: delivers what is due, sleeps until something is due again, and ends when nothing is left. It is
 * woken, or begun, by whoever decided that something goes by its channel.
 */
import { condition, continueAsNew, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import type { ChannelTry, NotifyActivities } from '../../domain/words/notify.ts';

/** Keeps the history short. */
const MAX_ROUNDS = 50;

/** An event is seldom alone. */
const IDLE = '10s';

export const wakeSignal = defineSignal('wake');

/** Each message has its own back-off; what is repeated here is the round, for as long as the store is away. */
const { deliver } = proxyActivities<Pick<NotifyActivities, 'deliver'>>({
  heartbeatTimeout: '10s',
  startToCloseTimeout: '10m',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '1m' },
});

const trying = proxyActivities<Pick<NotifyActivities, 'tryChannel'>>({
  heartbeatTimeout: '10s',
  startToCloseTimeout: '2m',
  retry: { maximumAttempts: 1 },
});

export async function courier(channel: string): Promise<void> {
  let woken = true;
  setHandler(wakeSignal, () => {
    woken = true;
  });
  for (let round = 0; ; round++) {
    if (round === MAX_ROUNDS) await continueAsNew<typeof courier>(channel);
    woken = false;
    const { nextInMs } = await deliver({ channel });
    if (nextInMs === undefined) {
      if (!(await condition(() => woken, IDLE))) return;
    } else if (nextInMs > 0) {
      await condition(() => woken, nextInMs);
    }
  }
}

export async function tryChannel(input: ChannelTry): Promise<{ readonly problem?: string }> {
  return trying.tryChannel(input);
}
