/** What threads do for prompt sets and references, and with a tokenizer. */
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import type { TaskContext } from '../compute/task.ts';
import {
  importPromptSet,
  openPromptSet,
  otherRendering,
  type ImportedPromptSet,
  type PromptImport,
  type QuestionSettings,
} from './prompt-set.ts';
import { pinReferences } from './references.ts';
import { threadTokenizer } from './thread-tokenizer.ts';
import { readTokenizer, type ReadTokenizer } from './tokenizer-read.ts';

export interface TokenizerFacts {
  /** sha256 of the file. */
  readonly hash: string;
  readonly endTokens: number[];
  /** For other tasks with this tokenizer. */
  readonly read: ReadTokenizer;
}

export async function tokenizerFacts(input: { path: string; endToken?: string | undefined }): Promise<TokenizerFacts> {
  const read = await readTokenizer(input.path);
  const tokenizer = await threadTokenizer(input.path, read);
  return {
    hash: tokenizer.hash,
    endTokens: input.endToken === undefined ? [] : tokenizer.encodeEnd(input.endToken),
    read,
  };
}

/** `folder`: of the artifacts. The tokenizer is that of the chat settings. */
export interface PromptFile extends Omit<PromptImport, 'tokenizer' | 'signal' | 'onProgress'> {
  readonly folder: string;
}

/** Says how many rows are done. */
export async function importPrompts(
  { folder, ...options }: PromptFile,
  { progress }: TaskContext<number>,
): Promise<ImportedPromptSet & { readonly tokenizer: string }> {
  const tokenizer = await threadTokenizer(options.chat.tokenizer);
  const made = await importPromptSet(openArtifacts(folder), { ...options, tokenizer, onProgress: progress });
  return { ...made, tokenizer: tokenizer.hash };
}

/** See `otherRendering`. */
export async function comparedRendering(input: {
  folder: string;
  promptSet: string;
  chat: QuestionSettings;
}): Promise<string | undefined> {
  const { folder, promptSet, chat } = input;
  return otherRendering(openArtifacts(folder), promptSet, { chat, tokenizer: await threadTokenizer(chat.tokenizer) });
}

export async function referencesOf(input: {
  folder: string;
  promptSet: string;
  /** Path. */
  tokenizer: string;
  endToken?: string | undefined;
  maxTokens: number;
  /** With the rejected answers. */
  compared?: boolean;
}): Promise<string> {
  const { folder, promptSet, endToken, maxTokens, compared } = input;
  const artifacts = openArtifacts(folder);
  const tokenizer = await threadTokenizer(input.tokenizer);
  return pinReferences(artifacts, await openPromptSet(artifacts, promptSet), {
    tokenizer,
    endToken,
    maxTokens,
    compared,
  });
}
