/** Prompt sets: a JSONL file of prompts and references becomes an immutable, tokenized, content-hashed artifact. */
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { sha256 } from '../../store/artifacts/artifacts.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { cachedArtifacts } from '../../store/artifacts/cached-artifacts.ts';
import { StoredPrompt } from '../../store/artifacts/prompt-set-file.ts';
import { requireChatTemplate, type ChatTemplate } from './chat-template.ts';
import { tokenizeQuestion } from './conversation.ts';
import { badRow, readJsonl } from './jsonl.ts';
import type { JsonlFormat } from './jsonl.ts';
import type { TextTokenizer } from './tokenizer.ts';
import { comparisonOf, isComparison } from './comparison-rows.ts';
import { beginningOf } from './examples.ts';
import {
  WeightedMessages,
  conversationFields,
  conversationOf,
  twoSystems,
  withoutNulls,
  type Conversation,
} from './messages.ts';

const common = { reference: z.string(), tags: z.array(z.string()).default([]) };
const PlainRow = z.object({
  prompt: z.union([z.string(), z.array(z.number().int().min(0))], 'expected text, or a list of token ids'),
  ...common,
});
const ChatRow = z.object({ messages: WeightedMessages, ...conversationFields, ...common });

type PlainRow = z.output<typeof PlainRow>;
interface Question {
  readonly conversation: Conversation;
  readonly reference: string;
  readonly tags: string[];
}
type Row = (PlainRow | Question) & { readonly rejected?: string };

/** Chosen by what the row holds, so that a wrong row is told about its own fields. */
const Row = z.unknown().transform((value, context): Row => {
  const row = withoutNulls(value);
  if (isComparison(row))
    return comparisonOf(row, (message, path) => context.addIssue({ code: 'custom', message, path }));
  const isChat = typeof row === 'object' && row !== null && 'messages' in row && !('prompt' in row);
  const parsed = (isChat ? ChatRow : PlainRow).safeParse(row);
  if (!parsed.success) {
    for (const { message, path } of parsed.error.issues) context.addIssue({ code: 'custom', message, path });
    return z.NEVER;
  }
  if (!('messages' in parsed.data)) return parsed.data;
  const { messages, reference, tags, ...fields } = parsed.data;
  if (twoSystems(fields.system, messages)) {
    context.addIssue({
      code: 'custom',
      message: 'messages begin with one already; keep one of the two',
      path: ['system'],
    });
  }
  return { conversation: conversationOf(messages, fields).conversation, reference, tags };
});

const FORMAT: JsonlFormat<Row> = {
  field: 'evaluate.prompts',
  schema: Row,
  example: '{"prompt": "…", "reference": "…"} or {"messages": […], "reference": "…"}',
};

const VERSION = 'pawl-prompts-1';
const StoredHeader = z.object({
  format: z.literal(VERSION),
  tokenizer: z.string(),
  /** How conversations were rendered: hash of the template, its arguments, the day it was told. */
  chat: z.object({ template: z.string(), arguments: z.string(), date: z.string().optional() }).optional(),
  /** Put before prompts that are text. */
  beginning: z.array(z.number().int()).optional(),
});
/** What the tokens of a set depend on, beside its rows. */
type PromptSetFacts = Omit<z.output<typeof StoredHeader>, 'format'>;
export interface Prompt extends StoredPrompt {
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
  /** A longer prompt leaves too little room for an answer, so it is an error. */
  readonly maxTokens: number;
  /** Of the answer that must fit behind it; default: 1. */
  readonly answerTokens?: number | undefined;
  readonly field?: string;
  readonly signal?: AbortSignal;
  /** Told now and then how many rows are done. */
  readonly onProgress?: (rows: number) => void;
}

export interface QuestionSettings {
  /** Path of the tokenizer.json, beside which its template lies. */
  readonly tokenizer: string;
  /** Another template than the tokenizer's own. */
  readonly template?: string | undefined;
  /** What day it is for templates that ask. */
  readonly date?: string | undefined;
  /** Variables of the template. */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
  /** Whether the tokenizer's beginning token is put before texts; default: as transformers does. */
  readonly addBeginning?: boolean | undefined;
  /** What to do where there is none. */
  readonly remedy: string;
}

const ROWS_A_WORD = 1_000;

/** Tokenizes a file of prompts and stores it. */
export async function importPromptSet(artifacts: Artifacts, options: PromptImport): Promise<ImportedPromptSet> {
  const { path, tokenizer, maxTokens, signal } = options;
  const asked = questionReader(options);
  const format = { ...FORMAT, field: options.field ?? FORMAT.field };
  const lines = new Set<string>();
  let duplicates = 0;
  let rows = 0;
  for await (const { row, place } of readJsonl(path, format, signal)) {
    const { prompt, tokens } = await asked.read(row, place);
    if (tokens.length === 0) throw badRow(place, 'prompt has no tokens; give the model something to answer');
    if (tokens.length > maxTokens) throw badRow(place, `prompt has ${noRoom(tokens.length, options)}`);
    const { reference, tags, rejected } = row;
    const line = canonical({ prompt, tokens, reference, tags, rejected });
    if (lines.has(line)) duplicates += 1;
    lines.add(line);
    rows += 1;
    if (rows % ROWS_A_WORD === 0) options.onProgress?.(rows);
  }
  if (lines.size === 0) {
    throw new PawlError(
      'InvalidRequest',
      `${format.field}: ${path} has no rows; write one ${FORMAT.example} per line.`,
    );
  }
  const header = JSON.stringify({ format: VERSION, tokenizer: tokenizer.hash, ...asked.facts() });
  const hash = await artifacts.put(Buffer.from([header, ...lines, ''].join('\n')));
  return { hash, prompts: lines.size, duplicates };
}

/** `120 tokens, and the model’s context has room for 104 and an answer of 24 (maxTokens); …` */
export function noRoom(
  tokens: number,
  { maxTokens, answerTokens = 1 }: Pick<PromptImport, 'maxTokens' | 'answerTokens'>,
): string {
  const [answer, remedy] =
    answerTokens === 1
      ? ['an answer', 'shorten it']
      : [`an answer of ${answerTokens} (evaluate.maxTokens)`, 'shorten it, lower maxTokens'];
  return `${tokens} tokens, and the model’s context has room for ${maxTokens} and ${answer}; ${remedy}, or choose a shape with a longer context`;
}

/** Text and tokens of a row. Ids that were given are asked as they are; their text is for people and graders. */
function questionReader({ tokenizer, chat }: PromptImport) {
  // Loaded for the first conversation: a set without any needs no template.
  let template: ChatTemplate | undefined;
  let texts = false;
  const beginning = beginningOf(tokenizer, chat.addBeginning);
  const read = async (row: Row, place: string): Promise<{ prompt: string; tokens: number[] }> => {
    if ('conversation' in row) {
      template ??= await questionTemplate(chat, place);
      return tokenizeQuestion({ conversation: row.conversation, place }, { template, tokenizer });
    }
    const { prompt } = row;
    if (typeof prompt !== 'string') return { prompt: tokenizer.decode(prompt), tokens: prompt };
    texts = true;
    const tokens = tokenizer.encode(prompt);
    const begun = beginning.every((id, index) => tokens[index] === id);
    return { prompt, tokens: begun || tokens.length === 0 ? tokens : [...beginning, ...tokens] };
  };
  return {
    read,
    facts: (): Pick<PromptSetFacts, 'chat' | 'beginning'> => ({
      ...(template !== undefined && { chat: chatFactsOf(template) }),
      ...(texts && beginning.length > 0 && { beginning: [...beginning] }),
    }),
  };
}

async function questionTemplate(chat: QuestionSettings, place: string): Promise<ChatTemplate> {
  const { tokenizer, template: path, date, arguments: given, remedy } = chat;
  return requireChatTemplate({ tokenizer, path, date, arguments: given }, { place, remedy });
}

function chatFactsOf({ hash, settings, date }: ChatTemplate): NonNullable<PromptSetFacts['chat']> {
  return { template: hash, arguments: settings, ...(date !== undefined && { date }) };
}

/** Why a set's prompts would be asked otherwise than the run's rows are trained; undefined if they are not. */
export async function otherRendering(
  artifacts: Artifacts,
  hash: string,
  { chat, tokenizer }: { chat: QuestionSettings; tokenizer: TextTokenizer },
): Promise<string | undefined> {
  const [first = ''] = (await artifacts.get(hash)).toString('utf8').split('\n', 1);
  const facts = StoredHeader.parse(JSON.parse(first));
  const beginning = JSON.stringify(beginningOf(tokenizer, chat.addBeginning));
  if (facts.beginning !== undefined && JSON.stringify(facts.beginning) !== beginning)
    return 'another data.addBeginning';
  if (facts.chat === undefined) return undefined;
  const own = chatFactsOf(await questionTemplate(chat, 'evaluate.prompts'));
  if (own.template !== facts.chat.template) return 'another chat template';
  if (own.arguments !== facts.chat.arguments) return 'other data.chatTemplateArguments';
  return own.date === facts.chat.date ? undefined : `another day (data.date: ${facts.chat.date})`;
}

const MAX_CACHED_BYTES = 64 * 1_024 * 1_024;
const open = cachedArtifacts(MAX_CACHED_BYTES, decode);

/** The prompts of an imported set, in its order. */
export function openPromptSet(artifacts: Artifacts, hash: string): Promise<readonly Prompt[]> {
  return open(artifacts, hash);
}

/** One spelling per row: fixed order of fields, tags as a sorted set. */
function canonical({ prompt, tokens, reference, tags, rejected }: StoredPrompt): string {
  return JSON.stringify({ prompt, tokens, reference, tags: [...new Set(tags)].sort(), rejected });
}

/** Sets may be large, and whoever decodes one may have others to heed. */
const LINES_AT_ONCE = 200;

async function decode(bytes: Buffer): Promise<readonly Prompt[]> {
  const prompts: Prompt[] = [];
  let from = 0;
  const nextLine = (): string => {
    const end = bytes.indexOf('\n', from);
    const line = bytes.toString('utf8', from, end === -1 ? bytes.length : end);
    from = end === -1 ? bytes.length : end + 1;
    return line;
  };
  if (!StoredHeader.safeParse(parseJson(nextLine())).success) {
    throw new PawlError('InvalidRequest', 'This artifact is not a prompt set of this version: submit the run anew.');
  }
  while (from < bytes.length) {
    const line = nextLine();
    prompts.push({ ...StoredPrompt.parse(JSON.parse(line)), hash: sha256(line) });
    if (prompts.length % LINES_AT_ONCE === 0) await setImmediate();
  }
  return prompts;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
