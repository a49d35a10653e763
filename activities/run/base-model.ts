/** Which model a run begins from: the shape's own, one that its spec names, or the one that an alias stands for now. */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { StoreReader } from '../../store/index.ts';

const ALIAS = 'alias:';

type Champions = Pick<StoreReader, 'champions'>;

export async function baseModelOf(store: Champions, base: string | undefined, ofShape: string): Promise<string> {
  return base === undefined ? ofShape : modelNamed(store, base, { field: 'model.base', what: 'a model' });
}

/** What `alias:NAME` stands for now; any other name is itself. `field`: where the experiment says so. */
export async function modelNamed(
  store: Champions,
  name: string,
  { field, what }: { field: string; what: string },
): Promise<string> {
  if (!name.startsWith(ALIAS)) return name;
  const alias = name.slice(ALIAS.length);
  const [champion] = await store.champions(alias);
  if (champion?.model !== undefined) return champion.model;
  throw new PawlError(
    'InvalidRequest',
    `${field}: the alias ${alias} stands for no model. Promote a checkpoint to it first (pawl promote RUN --to ${alias}; ` +
      `an experiment with promotion.alias asks by itself once it has finished), or name ${what}.`,
  );
}
