/** Prompt sets: a JSONL file of prompts and references becomes an immutable, tokenized, content-hashed artifact. */
import { z } from 'zod';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { sha256 } from '../../store/artifacts/artifacts.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { cachedArtifacts } from '../../store/artifacts/cached-artifacts.ts';
import { requireChatTemplate, type ChatTemplate } from './chat-template.ts';
import { tokenizeQuestion } from './conversation.ts';
import { badRow, readJsonl } from './jsonl.ts';
import type { JsonlFormat } from './jsonl.ts';
import type { TextTokenizer } from './tokenizer.ts';
import { Messages } from './training-rows.ts';

const common = { reference: z.string(), tags: z.array(z.string()).default([]) };
const PlainRow = z.object({
  prompt: z.union([z.string(), z.array(z.number().int().min(0))], 'expected text, or a list of token ids'),
  ...common,
});
const ChatRow = z.object({ messages: Messages, ...common });
type Row = z.output<typeof PlainRow> | z.output<typeof ChatRow>;

/** Chosen by what the row holds, so that a wrong row is told about its own fields. */
const Row = z.unknown().transform((value, context): Row => {
  const isChat = typeof value === 'object' && value !== null && 'messages' in value && !('prompt' in value);
  const parsed = (isChat ? ChatRow : PlainRow).safeParse(value);
  if (parsed.success) return parsed.data;
  for (const { message, path } of parsed.error.issues) context.addIssue({ code: 'custom', message, path });
  return z.NEVER;
});

const FORMAT: JsonlFormat<Row> = {
  field: 'evaluate.prompts',
  schema: Row,
  example: '{"prompt": "…", "reference": "…"} or {"messages": […], "reference": "…"}',
};

const VERSION = 'pawl-prompts-1';
const StoredHeader = z.object({ format: z.literal(VERSION), tokenizer: z.string() });
const StoredPrompt = z.object({
  prompt: z.string(),
  tokens: z.array(z.number().int()),
  reference: z.string(),
  tags: z.array(z.string()),
});

export interface Prompt extends z.output<typeof StoredPrompt> {
  /** sha256 of prompt, tokens, reference and tags: equal in every set that has this row. */
  readonly hash: string;
}

/** What `importPromptSet` made, and left out. */
export interface ImportedPromptSet {
  /** Artifact (sha256). */
  readonly hash: string;
  readonly prompts: number;
  /** Identical rows that were left out. */
  readonly duplicates: number;
}

/** How a file of prompts is read. */
export interface PromptImport {
  readonly path: string;
  readonly tokenizer: TextTokenizer;
  /** How conversations are rendered. */
  readonly chat: QuestionSettings;
  /** A longer prompt could not be asked, so it is an error. */
  readonly maxTokens: number;
  readonly field?: string;
  readonly signal?: AbortSignal;
}

export interface QuestionSettings {
  /** Path of the tokenizer.json, beside which its template lies. */
  readonly tokenizer: string;
  /** Another template than the tokenizer's own. */
  readonly template?: string | undefined;
  /** What day it is for templates that ask. */
  readonly date?: string | undefined;
  /** What to do where there is none. */
  readonly remedy: string;
}

/** Tokenizes a file of prompts and stores it. */
export async function importPromptSet(artifacts: Artifacts, options: PromptImport): Promise<ImportedPromptSet> {
  const { path, tokenizer, maxTokens, signal } = options;
  const asked = questionReader(options);
  const format = { ...FORMAT, field: options.field ?? FORMAT.field };
  const lines = new Set<string>();
  let duplicates = 0;
  for await (const { row, place } of readJsonl(path, format, signal)) {
    const { prompt, tokens } = await asked(row, place);
    if (tokens.length === 0) throw badRow(place, 'prompt has no tokens; give the model something to answer');
    if (tokens.length > maxTokens) {
      throw badRow(
        place,
        `prompt has ${tokens.length} tokens, more than ${maxTokens}; shorten it or raise data.maxTokens`,
      );
    }
    const { reference, tags } = row;
    const line = canonical({ prompt, tokens, reference, tags });
    if (lines.has(line)) duplicates += 1;
    lines.add(line);
  }
  if (lines.size === 0) {
    throw new PawlError(
      'InvalidRequest',
      `${format.field}: ${path} has no rows; write one ${FORMAT.example} per line.`,
    );
  }
  const header = JSON.stringify({ format: VERSION, tokenizer: tokenizer.hash });
  const hash = await artifacts.put(Buffer.from([header, ...lines, ''].join('\n')));
  return { hash, prompts: lines.size, duplicates };
}

/** Text and tokens of a row. Ids that were given are asked as they are; their text is for people and graders. */
function questionReader({ tokenizer, chat }: PromptImport) {
  // Loaded for the first conversation: a set without any needs no template.
  let template: ChatTemplate | undefined;
  return async (row: Row, place: string): Promise<{ prompt: string; tokens: number[] }> => {
    if ('messages' in row) {
      template ??= await requireChatTemplate(
        { tokenizer: chat.tokenizer, path: chat.template, date: chat.date },
        { place, remedy: chat.remedy },
      );
      return tokenizeQuestion({ messages: row.messages, place }, { template, tokenizer });
    }
    const { prompt } = row;
    if (typeof prompt === 'string') return { prompt, tokens: tokenizer.encode(prompt) };
    return { prompt: tokenizer.decode(prompt), tokens: prompt };
  };
}

const MAX_CACHED_BYTES = 64 * 1_024 * 1_024;
const open = cachedArtifacts(MAX_CACHED_BYTES, decode);

/** The prompts of an imported set, in its order. */
export function openPromptSet(artifacts: Artifacts, hash: string): Promise<readonly Prompt[]> {
  return open(artifacts, hash);
}

/** One spelling per row: fixed order of fields, tags as a sorted set. */
function canonical({ prompt, tokens, reference, tags }: z.output<typeof StoredPrompt>): string {
  return JSON.stringify({ prompt, tokens, reference, tags: [...new Set(tags)].sort() });
}

function decode(bytes: Buffer): readonly Prompt[] {
  const [first = '', ...lines] = bytes.toString('utf8').trimEnd().split('\n');
  if (!StoredHeader.safeParse(parseJson(first)).success) {
    throw new PawlError('InvalidRequest', 'This artifact is not a prompt set of this version: submit the run anew.');
  }
  return lines.map((line) => ({ ...StoredPrompt.parse(JSON.parse(line)), hash: sha256(line) }));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
