/** References as tokens, for suites that ask how likely the model finds them: an artifact beside their prompt set. */
import { z } from 'zod';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { cachedArtifacts } from '../../store/artifacts/cached-artifacts.ts';
import type { Prompt } from './prompt-set.ts';
import type { TextTokenizer } from './tokenizer.ts';

const VERSION = 'pawl-references-1';
const Tokens = z.array(z.array(z.number().int()));
const Stored = z.object({ format: z.literal(VERSION), references: Tokens, rejected: Tokens.optional() });

/** Answers as tokens, in the order of the prompt set. */
export interface References {
  readonly references: readonly (readonly number[])[];
  /** The answers that are to be less likely, where two are compared. */
  readonly rejected?: readonly (readonly number[])[] | undefined;
}

/**
 * Tokenized as completions are when they are trained on: by themselves, with the end token if there is one. Prompt and
 * reference must fit `maxTokens` together. `compared`: every prompt has a rejected answer too. Returns the artifact's hash.
 */
export async function pinReferences(
  artifacts: Artifacts,
  prompts: readonly Prompt[],
  {
    tokenizer,
    endToken,
    maxTokens,
    compared = false,
  }: { tokenizer: TextTokenizer; endToken?: string | undefined; maxTokens: number; compared?: boolean | undefined },
): Promise<string> {
  const end = endToken === undefined ? [] : tokenizer.encodeEnd(endToken);
  const tokensOf = (answer: string, { tokens }: Prompt, index: number): number[] => {
    const own = [...tokenizer.encode(answer), ...end];
    if (own.length === 0) throw refused(index, 'has no tokens; leave the prompt out');
    const length = tokens.length + own.length;
    if (length > maxTokens)
      throw refused(
        index,
        `makes ${length} tokens with its prompt, more than the ${maxTokens} that the model’s context has room for; shorten it, or choose a shape with a longer context`,
      );
    return own;
  };
  const references = prompts.map((prompt, index) => tokensOf(prompt.reference, prompt, index));
  if (!compared) return artifacts.put(Buffer.from(JSON.stringify({ format: VERSION, references })));
  const rejected = prompts.map((prompt, index) => {
    if (prompt.rejected === undefined) throw refused(index, 'has no rejected answer to be compared with; add one');
    return tokensOf(prompt.rejected, prompt, index);
  });
  return artifacts.put(Buffer.from(JSON.stringify({ format: VERSION, references, rejected })));
}

const MAX_CACHED_BYTES = 64 * 1_024 * 1_024;
const open = cachedArtifacts(MAX_CACHED_BYTES, decode);

/** The tokens of each prompt's reference, in the order of the prompt set. */
export async function openReferences(artifacts: Artifacts, pinned: string | undefined): Promise<References> {
  if (pinned !== undefined) return open(artifacts, pinned);
  throw new PawlError('InvalidRequest', 'The references were not pinned when the run was planned: submit it anew.');
}

function decode(bytes: Buffer): References {
  return Stored.parse(JSON.parse(bytes.toString('utf8')));
}

function refused(index: number, why: string): PawlError {
  return new PawlError('InvalidRequest', `evaluate.prompts: reference ${index + 1} of the set ${why}.`);
}
