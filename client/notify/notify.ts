/** Channels from outside: what there are, what is still to be delivered and why, and a message to try one. */
import { randomUUID } from 'node:crypto';
import { channelCheck, loadChannels } from '../../files/channels-file.ts';
import type { ChannelCheck } from '../../files/experiment/notify-checks.ts';
import { TRY_CHANNEL_WORKFLOW_TYPE, type ChannelState, type ChannelTry } from '../../domain/words/notify.ts';
import type { Delivery } from '../../store/index.ts';
import { UserError } from '../errors.ts';
import type { RunStore } from '../runs/run-store.ts';
import { failureMessage, isNamed } from '../temporal/failure.ts';
import type { TemporalLink } from '../temporal/temporal-link.ts';
import { whoAsks } from '../who.ts';

const MOST_SHOWN = 50;

interface ChannelView {
  readonly name: string;
  readonly kind: ChannelState['kind'];
  readonly problem?: string;
  /** Named by default. */
  readonly byDefault: boolean;
  readonly delivered: number;
  readonly waiting: number;
  readonly givenUp: number;
}

export interface NotifyView {
  readonly channels: readonly ChannelView[];
  /** Waiting or given up, the newest first, up to fifty. */
  readonly undelivered: readonly Delivery[];
}

export class Notify {
  readonly #temporal: TemporalLink;
  readonly #store: RunStore;

  constructor(temporal: TemporalLink, store: RunStore) {
    this.#temporal = temporal;
    this.#store = store;
  }

  /** By the file in the home, and by what its workers say: of a store that cannot be read, nothing. */
  async check(home: string): Promise<ChannelCheck> {
    return channelCheck(await loadChannels(home), await this.#states().catch(() => []));
  }

  async list(home: string): Promise<NotifyView> {
    const { channels, default: defaults } = await loadChannels(home);
    const reader = await this.#store.reader();
    const states = await this.#states();
    const counts = (await reader?.deliveryCounts()) ?? [];
    const check = channelCheck({ channels, default: defaults }, states);
    const count = (name: string, state: Delivery['state']): number =>
      counts.find((one) => one.channel === name && one.state === state)?.count ?? 0;
    return {
      channels: Object.entries(channels).map(([name, { kind }]) => {
        const problem = check(name);
        return {
          name,
          kind,
          ...(problem !== undefined && { problem }),
          byDefault: defaults.channels.includes(name),
          delivered: count(name, 'delivered'),
          waiting: count(name, 'waiting'),
          givenUp: count(name, 'given-up'),
        };
      }),
      undelivered: (await reader?.undelivered(MOST_SHOWN)) ?? [],
    };
  }

  /** Sends one message by a channel, at once; fails with what is wrong. */
  async test(channel: string, home: string): Promise<void> {
    const known = await this.check(home);
    const wrong = known(channel);
    if (wrong !== undefined) throw new UserError(wrong, '');
    if (!(await this.#temporal.hasWorker())) {
      throw new UserError(
        `No worker polls the task queue ${await this.#temporal.queue()}.`,
        'Start one with `pawl up`.',
      );
    }
    const id = randomUUID();
    const input: ChannelTry = { channel, id, askedBy: whoAsks() };
    const { problem } = await this.#execute(`pawl-notify-test-${id}`, input);
    if (problem !== undefined) {
      throw new UserError(`Nothing went by ${channel}: ${problem}.`, 'docs/notifications.md has what each kind needs.');
    }
  }

  async #states(): Promise<readonly ChannelState[]> {
    return (await (await this.#store.reader())?.channelStates()) ?? [];
  }

  async #execute(workflowId: string, input: ChannelTry): Promise<{ readonly problem?: string }> {
    try {
      return await this.#temporal.execute(TRY_CHANNEL_WORKFLOW_TYPE, workflowId, { input });
    } catch (error) {
      if (!isNamed(error, 'WorkflowFailedError')) throw error;
      throw new UserError(failureMessage(error), '', { cause: error });
    }
  }
}
