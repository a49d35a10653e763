/** Rows as the examples that they become. */
import { join } from 'node:path';
import type { ChatSettings } from '../../activities/data/examples.ts';
import type { ImportedDataset } from '../../activities/data/import-dataset.ts';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import { testPool } from '../compute/pool.ts';
import { writeText } from './fixtures.ts';
import { importAndRead } from './import.ts';

const compute = testPool();

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
  const text = rows.map((row) => `${typeof row === 'string' ? row : JSON.stringify(row)}\n`).join('');
  const { made, examples } = await importAndRead(
    { artifacts, compute },
    { train: await writeText(folder, text), chat: { tokenizer, ...chat }, maxTokens, endToken },
  );
  return { made, examples: examples.map(({ tokens, trained }) => ({ tokens: [...tokens], trained: [...trained] })) };
}
