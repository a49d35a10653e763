/** Training examples: JSONL files become a tokenized artifact once; from then on only its hash counts. */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { cachedArtifacts } from '../../store/artifacts/cached-artifacts.ts';
import { decodeDataset, encodeDataset } from './dataset-format.ts';
import type { Dataset } from './dataset-format.ts';
import { ExampleTokenizer, type ChatSettings } from './examples.ts';
import { Int32List } from './int32-list.ts';
import { readJsonl, type JsonlFormat, type JsonlRow } from './jsonl.ts';
import { noticeLines, type Notice, type NoticeLine } from './notices.ts';
import { dataFiles } from './sources.ts';
import type { TextTokenizer } from './tokenizer.ts';
import { ROW_EXAMPLE, trainingRows, type TrainingRow } from './training-rows.ts';

export type { Dataset } from './dataset-format.ts';

/** What `importDataset` made, and left out. */
export interface ImportedDataset {
  /** Artifact (sha256); the same rows, tokenizer and settings give the same hash. */
  readonly hash: string;
  readonly examples: number;
  /** Longer than `maxTokens`. */
  readonly dropped: number;
  readonly tokens: number;
  readonly maxExampleTokens: number;
  /** What is worth telling of the rows, with their number. */
  readonly notices: readonly NoticeLine[];
}

/** Tokenizes rows of prompt and completion, or of messages, and stores them; the same rows make the same artifact. */
export async function importDataset(
  artifacts: Artifacts,
  options: {
    /** A file, a folder of files, or several of either. */
    train: string | readonly string[];
    tokenizer: TextTokenizer;
    chat: ChatSettings;
    maxTokens: number;
    endToken?: string | undefined;
    signal?: AbortSignal;
  },
): Promise<ImportedDataset> {
  const { train, tokenizer, chat, maxTokens, endToken, signal } = options;
  const endTokens = endToken === undefined ? [] : tokenizer.encodeEnd(endToken);
  const examples = new ExampleTokenizer({ tokenizer, endTokens, chat });
  const columns = { tokens: new Int32List(), trained: new Int32List() };
  const offsets = { tokens: new Int32List(), trained: new Int32List() };
  let dropped = 0;
  let maxExampleTokens = 0;
  let rows = 0;
  const noticed: Record<Notice, number> = {};
  offsets.tokens.push(0);
  offsets.trained.push(0);
  for await (const row of rowsOf(await dataFiles(train), trainingRows(chat), signal)) {
    const made = await examples.tokenize(row);
    rows += 1;
    for (const notice of made.notices) noticed[notice] = (noticed[notice] ?? 0) + 1;
    for (const { tokens, trained } of made.examples) {
      if (tokens.length > maxTokens) {
        dropped += 1;
        continue;
      }
      columns.tokens.append(tokens);
      columns.trained.append(trained);
      offsets.tokens.push(columns.tokens.length);
      offsets.trained.push(columns.trained.length);
      maxExampleTokens = Math.max(maxExampleTokens, tokens.length);
    }
  }
  const counts = { examples: offsets.tokens.length - 1, dropped, tokens: columns.tokens.length, maxExampleTokens };
  if (counts.examples === 0) throw nothingLeft(train, dropped, maxTokens);
  const header = { tokenizer: tokenizer.hash, maxTokens, endTokens, ...counts, ...examples.chatFacts };
  const bytes = encodeDataset(header, {
    offsets: offsets.tokens.view(),
    trainedOffsets: offsets.trained.view(),
    trained: columns.trained.view(),
    tokens: columns.tokens.view(),
  });
  return { hash: await artifacts.put(bytes), ...counts, notices: noticeLines(noticed, rows) };
}

async function* rowsOf(
  files: readonly string[],
  format: JsonlFormat<TrainingRow>,
  signal?: AbortSignal,
): AsyncGenerator<JsonlRow<TrainingRow>> {
  for (const file of files) yield* readJsonl(file, format, signal);
}

const MAX_CACHED_BYTES = 512 * 1_024 * 1_024;
const open = cachedArtifacts(MAX_CACHED_BYTES, decodeDataset);

/** Opens an imported dataset; those used lately stay in memory, ready for every run that shares them. */
export function openDataset(artifacts: Artifacts, hash: string): Promise<Dataset> {
  return open(artifacts, hash);
}

function nothingLeft(train: string | readonly string[], dropped: number, maxTokens: number): PawlError {
  const names = typeof train === 'string' ? train : train.join(', ');
  return new PawlError(
    'InvalidRequest',
    dropped === 0
      ? `data.train: ${names} has no rows; write one ${ROW_EXAMPLE} per line.`
      : `data.train: all ${dropped} examples of ${names} are longer than ${maxTokens} tokens; raise data.maxTokens.`,
  );
}
