/** Training data of one range of a file, as words of examples: what a thread does for `importDataset`. */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { TaskContext } from '../compute/task.ts';
import { ExampleTokenizer, type ChatFacts, type ChatSettings } from './examples.ts';
import { Int32List } from './int32-list.ts';
import { badRow } from './jsonl.ts';
import { linesBefore, readRange, type FileRange } from './lines.ts';
import type { Notice } from './notices.ts';
import { encodeExample } from './part-format.ts';
import type { PreferenceKind } from './preference-rows.ts';
import { lineReader, type Group } from './row-groups.ts';
import { textOf } from './text-of.ts';
import { threadTokenizer } from './thread-tokenizer.ts';
import type { TextTokenizer } from './tokenizer.ts';

export interface DataSettings {
  /** Names the tokenizer too. */
  readonly chat: ChatSettings;
  /** Longer examples are left out, and counted. */
  readonly maxTokens: number;
  readonly endToken?: string | undefined;
  /** Of preferences; absent: rows to be learned as they are. */
  readonly preferences?: PreferenceKind | undefined;
}

export interface TokenizedRange {
  /** sha256 of the range's bytes. */
  readonly digest: string;
  readonly words: Int32Array;
  /** Words of each example. */
  readonly sizes: Int32Array;
  readonly rows: number;
  /** What is worth telling of the rows, counted. */
  readonly notices: Readonly<Record<Notice, number>>;
  readonly dropped: number;
  readonly tokens: number;
  readonly maxExampleTokens: number;
  /** Absent: no conversation in it. */
  readonly chatFacts?: ChatFacts;
}

/** No text needs more for a token; what is longer by far is a mistake that would take minutes to tokenize. */
const MAX_BYTES_PER_TOKEN = 64;
const MIN_ROW_LIMIT = 1_024 * 1_024;

export async function tokenizeRange(
  { range, settings }: { range: FileRange; settings: DataSettings },
  { handOver }: TaskContext,
): Promise<TokenizedRange> {
  const maxBytes = Math.max(MIN_ROW_LIMIT, settings.maxTokens * MAX_BYTES_PER_TOKEN);
  const { digest, lines } = readRange(range, maxBytes);
  const tokenizer = await threadTokenizer(settings.chat.tokenizer);
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
  const { chat, maxTokens, endToken, preferences } = settings;
  const endTokens = endToken === undefined ? [] : tokenizer.encodeEnd(endToken);
  const examples = new ExampleTokenizer({ tokenizer, endTokens, chat });
  const words = new Int32List();
  const sizes = new Int32List();
  const reader = lineReader(preferences, { examples, rows: chat, maxTokens });
  const notices: Record<Notice, number> = {};
  let rows = 0;
  let dropped = 0;
  let count = 0;
  let maxExampleTokens = 0;
  /** What belongs together is left out together. */
  const take = (group: Group): void => {
    if (group.some(({ tokens }) => tokens.length > maxTokens)) {
      dropped += 1;
      return;
    }
    for (const { tokens, trained } of group) {
      const example = encodeExample(tokens, trained);
      words.append(example);
      sizes.push(example.length);
      count += tokens.length;
      maxExampleTokens = Math.max(maxExampleTokens, tokens.length);
    }
  };
  for (const [index, line] of lines.entries()) {
    const place = `${path}:${before + index + 1}`;
    if (line.length > maxBytes) throw tooLong(place, line.length, maxTokens);
    const text = withoutMark(textOf(line, place), before + index);
    if (text.trim() === '') continue;
    const made = await reader.read(text, place);
    rows += 1;
    for (const notice of made.notices) notices[notice] = (notices[notice] ?? 0) + 1;
    made.groups.forEach(take);
  }
  reader.rest().forEach(take);
  const { chatFacts } = examples;
  const counts = { rows, notices, dropped, tokens: count, maxExampleTokens };
  return {
    words: words.view().slice(),
    sizes: sizes.view().slice(),
    ...counts,
    ...(chatFacts !== undefined && { chatFacts }),
  };
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
