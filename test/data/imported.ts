/** Rows as the examples that they become. */
import { join } from 'node:path';
import { importDataset, openDataset, type ImportedDataset } from '../../activities/data/dataset.ts';
import type { ChatSettings } from '../../activities/data/examples.ts';
import { loadTokenizer } from '../../activities/data/tokenizer.ts';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import { writeText } from './fixtures.ts';

export interface Settings extends Partial<ChatSettings> {
  readonly maxTokens?: number;
  readonly endToken?: string | undefined;
}

interface Imported {
  readonly made: ImportedDataset;
  readonly examples: { readonly tokens: number[]; readonly trained: number[] }[];
}

/** Rows (texts are lines as they stand) in rows.jsonl of the folder, read with the tokenizer.json in it. */
export async function imported(folder: string, rows: readonly unknown[], settings: Settings = {}): Promise<Imported> {
  const { maxTokens = 64, endToken, ...chat } = settings;
  const tokenizer = join(folder, 'tokenizer.json');
  const artifacts = openArtifacts(join(folder, 'artifacts'));
  const made = await importDataset(artifacts, {
    train: await writeText(
      folder,
      rows.map((row) => `${typeof row === 'string' ? row : JSON.stringify(row)}\n`).join(''),
    ),
    tokenizer: await loadTokenizer(tokenizer),
    chat: { tokenizer, ...chat },
    maxTokens,
    endToken,
  });
  const dataset = await openDataset(artifacts, made.hash);
  const examples = Array.from({ length: dataset.examples }, (_, index) => dataset.example(index));
  return { made, examples: examples.map(({ tokens, trained }) => ({ tokens: [...tokens], trained: [...trained] })) };
}
