/** What serves where, and the proof that the rest is returned. */
import type { StoreReader } from '../store/index.ts';
import { heading, table, text, type Block } from './document.ts';
import { timeText } from './numbers.ts';

export async function promotionBlocks(store: StoreReader, runId: string): Promise<Block[]> {
  const asked = (await store.promotions()).filter((promotion) => promotion.runId === runId);
  const champions = new Map<string, string>();
  for (const alias of new Set(asked.map((promotion) => promotion.alias))) {
    const [champion] = await store.champions(alias);
    if (champion !== undefined) champions.set(alias, champion.id);
  }
  const kept = (await store.leases(runId)).filter(({ keptAt }) => keptAt !== undefined);
  const rows = asked.map(({ id, alias, checkpoint, state, reason = '', model }) => [
    alias,
    checkpoint,
    champions.get(alias) === id ? 'champion' : state,
    model ?? '-',
    reason,
  ]);
  return [
    heading('What serves where'),
    table(['alias', 'checkpoint', 'state', 'model', 'why'], rows, 'No promotion was asked for.'),
    ...kept.map(({ id, state = '' }) => text(`Deployment ${id} was left serving: ${state}.`)),
  ];
}

/** Each lease with the platform's own last word, which was read back after it was returned. */
export async function leaseBlocks(store: StoreReader, runIds: readonly string[]): Promise<Block[]> {
  const leases = [...(await store.leasesOf(runIds)).values()].flat();
  const open = leases.filter(({ releasedAt }) => releasedAt === undefined).length;
  const said = open === 0 ? 'Nothing is rented any more.' : `${open} of them may still be rented: pawl machines.`;
  return [
    heading('Proof of release'),
    table(
      ['machine', 'id', 'planned (UTC)', 'returned (UTC)', 'the platform’s last word'],
      leases.map(({ kind, id, plannedAt, releasedAt, state, keptAt }) => [
        kind,
        id,
        timeText(plannedAt),
        releasedAt === undefined ? 'open' : `${timeText(releasedAt)}${keptAt === undefined ? '' : ' (kept)'}`,
        state ?? '-',
      ]),
      'Nothing was rented.',
    ),
    ...(leases.length > 0 ? [text(said)] : []),
  ];
}
