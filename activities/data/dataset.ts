/** Training examples: a JSONL file becomes a tokenized artifact once; from then on only its hash counts. */
import { z } from 'zod';
import { PawlError } from '../errors.ts';
import type { Artifacts } from './artifacts.ts';
import { cachedArtifacts } from './cached-artifacts.ts';
import { decodeDataset, encodeDataset } from './dataset-format.ts';
import type { Dataset } from './dataset-format.ts';
import { Int32List } from './int32-list.ts';
import { badRow, readJsonl } from './jsonl.ts';
import type { JsonlFormat } from './jsonl.ts';
import type { TextTokenizer } from './tokenizer.ts';

export type { Dataset } from './dataset-format.ts';

const Row = z.object({ prompt: z.string(), completion: z.string() });
const FORMAT: JsonlFormat<z.output<typeof Row>> = {
  field: 'data.train',
  schema: Row,
  example: '{"prompt": "…", "completion": "…"}',
};

/** What `importDataset` made, and left out. */
export interface ImportedDataset {
  /** Artifact (sha256); the same file, tokenizer and settings give the same hash. */
  readonly hash: string;
  readonly examples: number;
  /** Longer than `maxTokens`. */
  readonly dropped: number;
  readonly tokens: number;
  readonly maxExampleTokens: number;
}

/** Tokenizes a file of examples, each prompt + completion + end token, and stores it. */
export async function importDataset(
  artifacts: Artifacts,
  options: {
    path: string;
    tokenizer: TextTokenizer;
    maxTokens: number;
    endToken?: string | undefined;
    signal?: AbortSignal;
  },
): Promise<ImportedDataset> {
  const { path, tokenizer, maxTokens, endToken, signal } = options;
  const endTokens = endToken === undefined ? [] : tokenizer.encodeEnd(endToken);
  const tokens = new Int32List();
  const offsets = new Int32List();
  const promptLengths = new Int32List();
  let dropped = 0;
  let maxExampleTokens = 0;
  offsets.push(0);
  for await (const { row, place } of readJsonl(path, FORMAT, signal)) {
    const prompt = tokenizer.encode(row.prompt);
    const completion = [...tokenizer.encode(row.completion), ...endTokens];
    if (prompt.length === 0) throw badRow(place, 'prompt has no tokens; give the model something to answer');
    if (completion.length === 0) throw badRow(place, 'completion has no tokens; set data.endToken, or give one');
    const length = prompt.length + completion.length;
    if (length > maxTokens) {
      dropped += 1;
      continue;
    }
    tokens.append(prompt);
    tokens.append(completion);
    offsets.push(tokens.length);
    promptLengths.push(prompt.length);
    maxExampleTokens = Math.max(maxExampleTokens, length);
  }
  const counts = { examples: promptLengths.length, dropped, tokens: tokens.length, maxExampleTokens };
  if (counts.examples === 0) throw nothingLeft(path, dropped, maxTokens);
  const header = { tokenizer: tokenizer.hash, maxTokens, endTokens, ...counts };
  const columns = { offsets: offsets.view(), promptLengths: promptLengths.view(), tokens: tokens.view() };
  return { hash: await artifacts.put(encodeDataset(header, columns)), ...counts };
}

const MAX_CACHED_BYTES = 512 * 1_024 * 1_024;
const open = cachedArtifacts(MAX_CACHED_BYTES, decodeDataset);

/** Opens an imported dataset; those used lately stay in memory, ready for every run that shares them. */
export function openDataset(artifacts: Artifacts, hash: string): Promise<Dataset> {
  return open(artifacts, hash);
}

function nothingLeft(path: string, dropped: number, maxTokens: number): PawlError {
  return new PawlError(
    'InvalidRequest',
    dropped === 0
      ? `data.train: ${path} has no rows; write one ${FORMAT.example} per line.`
      : `data.train: all ${dropped} examples of ${path} are longer than ${maxTokens} tokens; raise data.maxTokens.`,
  );
}
