/** Prompt sets in words. Pure. */
import type { StoredPromptSet } from '../../../store/index.ts';
import { table } from './tables.ts';

const SHORT = 12;

export function promptSetTable(sets: readonly StoredPromptSet[]): string {
  return table(
    ['set', 'prompts', 'added', 'aliases'],
    sets.map(({ hash, prompts, createdAt, aliases }) => [
      `sha256:${hash.slice(0, SHORT)}`,
      String(prompts),
      createdAt.slice(0, 'YYYY-MM-DDThh:mm'.length).replace('T', ' '),
      aliases.join(', '),
    ]),
  );
}

export function promptSetLines({
  hash,
  prompts,
  duplicates,
  tokenizer,
  createdAt,
  aliases,
}: StoredPromptSet): string[] {
  return [
    `sha256:${hash}`,
    `${prompts} prompts${duplicates === 0 ? '' : ` (${duplicates} identical rows of the file were left out)`}`,
    `tokenizer sha256:${tokenizer}`,
    `added ${createdAt}`,
    ...(aliases.length === 0 ? [] : [`alias ${aliases.join(', ')}`]),
  ];
}
