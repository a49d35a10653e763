/** Decides who is told of what was announced, once; whoever calls it again, or at the same time, decides nothing twice. */
import { audienceOf } from '../../domain/decide/audience.ts';
import type { NotifySpec } from '../../domain/spec/notify-spec.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { SWEEP_TAG } from '../../domain/words/sweep-workflow.ts';
import type { Store, StoredAnnouncement } from '../../store/index.ts';
import type { Channels } from './channels.ts';

const PAGE = 100;

interface Owner {
  readonly notify?: NotifySpec | undefined;
  readonly trial?: boolean;
}

/** The channels by which there is something to deliver now. */
export async function routeAnnouncements(store: Store, channels: Channels): Promise<ReadonlySet<string>> {
  const told = new Set<string>();
  for (;;) {
    const page = await store.unrouted(PAGE);
    for (const announcement of page) {
      const owner = await ownerOf(store, announcement);
      const { kind, data, notify = owner.notify } = announcement;
      const names = audienceOf({ kind, data, trial: owner.trial ?? false }, notify, channels.defaults);
      await store.routed(announcement.id, names);
      for (const name of names) told.add(name);
    }
    if (page.length < PAGE) return told;
  }
}

async function ownerOf(store: Store, { subject: { kind, id } }: StoredAnnouncement): Promise<Owner> {
  if (kind === 'run') return ofRun(store, id);
  if (kind === 'sweep') return { notify: (await store.sweep(id))?.spec.notify };
  if (kind !== 'promotion') return {};
  const promotion = await store.promotion(id);
  return promotion === undefined ? {} : { notify: (await ofRun(store, promotion.runId)).notify };
}

/** A run that the store lost is told of as one that names nobody. */
async function ofRun(store: Store, runId: string): Promise<Owner> {
  try {
    const { spec } = await store.getRun(runId);
    return { notify: spec.notify, trial: spec.tags?.includes(SWEEP_TAG) === true };
  } catch (error) {
    if (error instanceof PawlError && error.type === 'InvalidRequest') return {};
    throw error;
  }
}
