/** Prompt sets: a JSONL file of prompts and references becomes an immutable, tokenized, content-hashed artifact. */
import { z } from 'zod';
import { PawlError } from '../errors.ts';
import { sha256 } from './artifacts.ts';
import type { Artifacts } from './artifacts.ts';
import { cachedArtifacts } from './cached-artifacts.ts';
import { badRow, readJsonl } from './jsonl.ts';
import type { JsonlFormat } from './jsonl.ts';
import type { TextTokenizer } from './tokenizer.ts';

const Row = z.object({
  prompt: z.union([z.string(), z.array(z.number().int().min(0))], 'expected text, or a list of token ids'),
  reference: z.string(),
  tags: z.array(z.string()).default([]),
});
const FORMAT: JsonlFormat<z.output<typeof Row>> = {
  field: 'evaluate.prompts',
  schema: Row,
  example: '{"prompt": "…", "reference": "…"}',
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

/** Tokenizes a file of prompts and stores it; a prompt longer than `maxTokens` could not be asked, so it is an error. */
export async function importPromptSet(
  artifacts: Artifacts,
  options: { path: string; tokenizer: TextTokenizer; maxTokens: number; field?: string; signal?: AbortSignal },
): Promise<ImportedPromptSet> {
  const { path, tokenizer, maxTokens, signal } = options;
  const format = { ...FORMAT, field: options.field ?? FORMAT.field };
  const lines = new Set<string>();
  let duplicates = 0;
  for await (const { row, place } of readJsonl(path, format, signal)) {
    const { prompt, tokens } = asked(row.prompt, tokenizer);
    if (tokens.length === 0) throw badRow(place, 'prompt has no tokens; give the model something to answer');
    if (tokens.length > maxTokens) {
      throw badRow(
        place,
        `prompt has ${tokens.length} tokens, more than ${maxTokens}; shorten it or raise data.maxTokens`,
      );
    }
    const line = canonical({ ...row, prompt, tokens });
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

/** Text and tokens. Ids that were given are asked as they are; their text is for people and graders. */
function asked(prompt: string | number[], tokenizer: TextTokenizer): { prompt: string; tokens: number[] } {
  if (typeof prompt === 'string') return { prompt, tokens: tokenizer.encode(prompt) };
  return { prompt: tokenizer.decode(prompt), tokens: prompt };
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
