/** The one prompt set that a reference means. */
import type { PromptsReference } from '../../domain/words/prompts.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { StoreReader, StoredPromptSet } from './store.ts';

export async function findPromptSet(
  reader: Pick<StoreReader, 'promptSets'>,
  reference: Exclude<PromptsReference, { kind: 'file' }>,
): Promise<StoredPromptSet> {
  const sets = await reader.promptSets();
  const found = sets.filter(({ hash, aliases }) =>
    reference.kind === 'alias' ? aliases.includes(reference.name) : hash.startsWith(reference.hash),
  );
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const name = reference.kind === 'alias' ? `alias:${reference.name}` : `sha256:${reference.hash}`;
  throw new PawlError(
    'InvalidRequest',
    found.length === 0
      ? `There is no prompt set ${name}: add it with \`pawl prompts add\`; \`pawl prompts list\` shows those there are.`
      : `${name} may be any of ${found.length} prompt sets: give more of its hash.`,
  );
}
