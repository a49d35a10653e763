/** Deliveries: the workflow of each channel, what it is told, what its activities do. */

export const COURIER_WORKFLOW_TYPE = 'courier';
export const TRY_CHANNEL_WORKFLOW_TYPE = 'tryChannel';

/** One workflow per channel of a store, so that none holds up another, and each keeps its order. */
export function courierId(channel: string, taskQueue: string): string {
  return `pawl-notify-${taskQueue}-${channel}`;
}

export interface ChannelTry {
  readonly channel: string;
  /** Tells one try from another. */
  readonly id: string;
  readonly askedBy: string;
}

/** What workers say of a channel. */
export interface ChannelState {
  readonly name: string;
  readonly kind: 'webhook' | 'slack' | 'email' | 'command';
  /** Why nothing can go by it, and what to do about it. */
  readonly problem?: string;
}

export interface NotifyActivities {
  /**
   * Delivers what is due on a channel, for a while. `nextInMs`: when there is something again; absent: nothing waits.
   */
  deliver(input: { readonly channel: string }): Promise<{ readonly nextInMs?: number }>;
  /** Sends one message by it, now. Undefined: it was taken; else what is wrong. */
  tryChannel(input: ChannelTry): Promise<{ readonly problem?: string }>;
}
