/** Prompt sets: a JSONL file of prompts and references becomes an immutable, tokenized, content-hashed artifact. */
import { z } from 'zod';
import { PawlError } from '../errors.ts';
import { sha256 } from './artifacts.ts';
import type { Artifacts } from './artifacts.ts';
import { ByteCache } from './byte-cache.ts';
import { badRow, readJsonl } from './jsonl.ts';
import type { JsonlFormat } from './jsonl.ts';
import type { TextTokenizer } from './tokenizer.ts';

const Row = z.object({ prompt: z.string(), reference: z.string(), tags: z.array(z.string()).default([]) });
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

export interface PromptSet {
  readonly hash: string;
  /** sha256 of the tokenizer that made it. */
  readonly tokenizer: string;
  readonly prompts: readonly Prompt[];
}

/** What `pinPromptSet` made, and left out. */
export interface PinnedPromptSet {
  /** Artifact (sha256). */
  readonly hash: string;
  readonly prompts: number;
  /** Identical rows that were left out. */
  readonly duplicates: number;
  readonly maxPromptTokens: number;
}

export async function pinPromptSet(options: {
  path: string;
  tokenizer: TextTokenizer;
  artifacts: Artifacts;
  signal?: AbortSignal;
}): Promise<PinnedPromptSet> {
  const { path, tokenizer, artifacts, signal } = options;
  const lines = new Set<string>();
  let duplicates = 0;
  let maxPromptTokens = 0;
  for await (const { row, place } of readJsonl(path, FORMAT, signal)) {
    const tokens = tokenizer.encode(row.prompt);
    if (tokens.length === 0) throw badRow(place, 'prompt has no tokens; give the model something to answer');
    const line = canonical({ ...row, tokens });
    if (lines.has(line)) duplicates += 1;
    lines.add(line);
    maxPromptTokens = Math.max(maxPromptTokens, tokens.length);
  }
  if (lines.size === 0) {
    throw new PawlError(
      'InvalidRequest',
      `evaluate.prompts: ${path} has no rows; write one ${FORMAT.example} per line.`,
    );
  }
  const header = JSON.stringify({ format: VERSION, tokenizer: tokenizer.hash });
  const hash = await artifacts.put(Buffer.from([header, ...lines, ''].join('\n')));
  return { hash, prompts: lines.size, duplicates, maxPromptTokens };
}

/** Opens pinned prompt sets by hash; those used lately stay in memory. */
export function promptSetReader(
  artifacts: Artifacts,
  options: { maxBytes: number } = { maxBytes: 64 * 1_024 * 1_024 },
): (hash: string) => Promise<PromptSet> {
  const cache = new ByteCache({
    maxBytes: options.maxBytes,
    load: async (hash) => {
      const bytes = await artifacts.get(hash);
      return { value: decode(hash, bytes.toString('utf8')), bytes: bytes.byteLength };
    },
  });
  return (hash) => cache.get(hash);
}

/** One spelling per row: fixed order of fields, tags as a sorted set. */
function canonical({ prompt, tokens, reference, tags }: z.output<typeof StoredPrompt>): string {
  return JSON.stringify({ prompt, tokens, reference, tags: [...new Set(tags)].sort() });
}

function decode(hash: string, text: string): PromptSet {
  const [first = '', ...lines] = text.trimEnd().split('\n');
  const header = StoredHeader.safeParse(parseJson(first));
  if (!header.success) {
    throw new PawlError('InvalidRequest', `Artifact ${hash} is not a prompt set of this version: submit the run anew.`);
  }
  const prompts = lines.map((line) => ({ ...StoredPrompt.parse(JSON.parse(line)), hash: sha256(line) }));
  return { hash, tokenizer: header.data.tokenizer, prompts };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
