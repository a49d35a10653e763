/** Which model a run begins from: the shape's own, one that its spec names, or the one that an alias stands for now. */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { StoreReader } from '../../store/index.ts';

const BASE_ALIAS = 'alias:';

export async function baseModelOf(
  store: Pick<StoreReader, 'champions'>,
  base: string | undefined,
  ofShape: string,
): Promise<string> {
  if (base?.startsWith(BASE_ALIAS) !== true) return base ?? ofShape;
  const alias = base.slice(BASE_ALIAS.length);
  const [champion] = await store.champions(alias);
  if (champion?.model !== undefined) return champion.model;
  throw new PawlError(
    'InvalidRequest',
    `model.base: the alias ${alias} stands for no model. Promote a checkpoint to it first (pawl promote RUN --to ${alias}; ` +
      'an experiment with promotion.alias asks by itself once it has finished), or name a model.',
  );
}
