/** Training data of one range of a file, as words of examples: what a thread does for `importDataset`. */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { TaskContext } from '../compute/task.ts';
import { ExampleTokenizer, type ChatFacts, type ChatSettings } from './examples.ts';
import { Gathered, type GatheredRange } from './gathered.ts';
import { isOnSide, type Holdout } from './holdout.ts';
import { badRow } from './jsonl.ts';
import { linesBefore, readRange, type FileRange } from './lines.ts';
import type { PreferenceKind } from './preference-rows.ts';
import { lineReader } from './row-groups.ts';
import { textOf } from './text-of.ts';
import { threadTokenizer } from './thread-tokenizer.ts';
import type { TextTokenizer } from './tokenizer.ts';
import type { ReadTokenizer } from './tokenizer-read.ts';

export interface DataSettings {
  /** Names the tokenizer too. */
  readonly chat: ChatSettings;
  /** Longer examples are left out, and counted. */
  readonly maxTokens: number;
  readonly endToken?: string | undefined;
  /** Of preferences; absent: rows to be learned as they are. */
  readonly preferences?: PreferenceKind | undefined;
  /** Only the rows of one side; absent: all. */
  readonly holdout?: Holdout | undefined;
}

export interface TokenizedRange extends GatheredRange {
  /** sha256 of the range's bytes. */
  readonly digest: string;
  /** Rows or not. */
  readonly lines: number;
  /** Rows of the other side of the holdout. */
  readonly elsewhere: number;
  /** Absent: no conversation in it. */
  readonly chatFacts?: ChatFacts;
}

/** No text needs more for a token; what is longer by far is a mistake that would take minutes to tokenize. */
const MAX_BYTES_PER_TOKEN = 64;
const MIN_ROW_LIMIT = 1_024 * 1_024;

/** `tokenizer`: that of the settings, as it was read. */
export async function tokenizeRange(
  { range, settings, tokenizer: read }: { range: FileRange; settings: DataSettings; tokenizer: ReadTokenizer },
  { handOver }: TaskContext,
): Promise<TokenizedRange> {
  const maxBytes = Math.max(MIN_ROW_LIMIT, settings.maxTokens * MAX_BYTES_PER_TOKEN);
  const { digest, lines } = readRange(range, maxBytes);
  const tokenizer = await threadTokenizer(settings.chat.tokenizer, read);
  const work = { path: range.name ?? range.path, lines, settings, maxBytes, tokenizer };
  try {
    const made = await tokenizeLines(work, 0);
    handOver(made.words, made.sizes);
    return { digest, ...made };
  } catch (error) {
    // Only now, as it takes a look at everything before: the number of the line in the whole file.
    if (error instanceof PawlError && range.start > 0) await tokenizeLines(work, linesBefore(range));
    throw error;
  }
}

interface Work {
  readonly path: string;
  readonly lines: readonly Buffer[];
  readonly settings: DataSettings;
  readonly maxBytes: number;
  readonly tokenizer: TextTokenizer;
}

async function tokenizeLines(work: Work, before: number): Promise<Omit<TokenizedRange, 'digest'>> {
  const { path, lines, settings, maxBytes, tokenizer } = work;
  const { chat, maxTokens, endToken, preferences, holdout } = settings;
  const endTokens = endToken === undefined ? [] : tokenizer.encodeEnd(endToken);
  const examples = new ExampleTokenizer({ tokenizer, endTokens, chat });
  const reader = lineReader(preferences, { examples, rows: chat, maxTokens });
  const gathered = new Gathered(maxTokens);
  let elsewhere = 0;
  for (const [index, line] of lines.entries()) {
    const place = `${path}:${before + index + 1}`;
    if (line.length > maxBytes) throw tooLong(place, line.length, maxTokens);
    const text = withoutMark(textOf(line, place), before + index);
    if (text.trim() === '') continue;
    if (holdout !== undefined && !isOnSide(text, holdout, chat.ignore)) {
      elsewhere += 1;
      continue;
    }
    gathered.row(index + 1, await reader.read(text, place));
  }
  gathered.rest(reader.rest());
  const { chatFacts } = examples;
  const facts = { elsewhere, lines: lines.length, ...(chatFacts !== undefined && { chatFacts }) };
  return { ...gathered.result(), ...facts };
}

function tooLong(place: string, bytes: number, maxTokens: number): PawlError {
  const size = `${(bytes / 1e6).toFixed(1)} MB`;
  return badRow(
    place,
    `a row of ${size} or more cannot have the ${maxTokens} tokens at most that an example may have; split it, or leave it out`,
  );
}

/** Some editors begin a file with a byte order mark. */
function withoutMark(text: string, index: number): string {
  return index === 0 ? text.replace(/^\uFEFF/, '') : text;
}
