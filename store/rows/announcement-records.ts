/** The outbox in the words of the domain: what is to be told, and how far each channel is with it. */
import type { Announcement, Subject } from '../../domain/words/announcements.ts';
import type { ChannelState } from '../../domain/words/notify.ts';
import type { EventKind } from '../../domain/words/event-kinds.ts';
import type { NotifySpec } from '../../domain/spec/notify-spec.ts';

export interface StoredAnnouncement {
  /** `announcementId`: the same with every delivery. */
  readonly id: string;
  /** Rises with every fact. */
  readonly seq: number;
  readonly kind: EventKind;
  readonly subject: Subject;
  readonly at: string;
  readonly title: string;
  readonly data: Readonly<Record<string, string | number | boolean>>;
  readonly notify?: NotifySpec;
}

export interface Delivery {
  readonly channel: string;
  readonly announcement: StoredAnnouncement;
  readonly state: 'waiting' | 'delivered' | 'given-up';
  readonly attempts: number;
  /** Of the first attempt. */
  readonly firstAt?: string;
  /** Not before. */
  readonly nextAt?: string;
  /** Delivered, or given up. */
  readonly settledAt?: string;
  /** What the last attempt failed with. */
  readonly problem?: string;
}

/**
 * How an attempt ended.
 */
export type DeliveryOutcome =
  | { readonly state: 'delivered' }
  | { readonly state: 'waiting'; readonly nextAt: string; readonly problem: string }
  | { readonly state: 'given-up'; readonly problem: string };

export interface AnnouncementReader {
  /** The newest first; of one subject, if asked. */
  announcements(options: { limit: number; subject?: Subject }): Promise<readonly StoredAnnouncement[]>;
  /** The channels as the worker that started last has them; none: no worker has said so yet. */
  channelStates(): Promise<readonly ChannelState[]>;
  /** That nobody has looked at yet, oldest first. */
  unrouted(limit: number): Promise<readonly StoredAnnouncement[]>;
  /**
   * Of a channel: of each subject the oldest that is still to be delivered, whether it is time or not; first those whose
   * time came first. Whatever comes after it waits for it.
   */
  heads(channel: string, limit: number): Promise<readonly Delivery[]>;
  /** How many wait, and how many were given up, of each channel that has any. */
  deliveryCounts(): Promise<readonly { channel: string; state: Delivery['state']; count: number }[]>;
  /** Those that wait or were given up, the newest first. */
  undelivered(limit: number): Promise<readonly Delivery[]>;
}

/** Writing twice is writing once. */
export interface AnnouncementWriter {
  /** A fact that has no row of its own. Whatever has one is told with it, in its transaction. */
  announce(announcement: Announcement): Promise<void>;
  noteChannels(states: readonly ChannelState[]): Promise<void>;
  /** Decided who is told: nobody decides it again. */
  routed(announcementId: string, channels: readonly string[]): Promise<void>;
  noteDelivery(of: { channel: string; announcementId: string }, outcome: DeliveryOutcome): Promise<void>;
}
