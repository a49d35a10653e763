/** References as tokens, for suites that ask how likely the model finds them: an artifact beside their prompt set. */
import { z } from 'zod';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { cachedArtifacts } from '../../store/artifacts/cached-artifacts.ts';
import type { Prompt } from './prompt-set.ts';
import type { TextTokenizer } from './tokenizer.ts';

const VERSION = 'pawl-references-1';
const Stored = z.object({ format: z.literal(VERSION), references: z.array(z.array(z.number().int())) });

/**
 * Tokenized as completions are when they are trained on: by themselves, with the end token if there is one. Prompt and
 * reference must fit `maxTokens` together. Returns the artifact's hash.
 */
export async function pinReferences(
  artifacts: Artifacts,
  prompts: readonly Prompt[],
  { tokenizer, endToken, maxTokens }: { tokenizer: TextTokenizer; endToken?: string | undefined; maxTokens: number },
): Promise<string> {
  const end = endToken === undefined ? [] : tokenizer.encodeEnd(endToken);
  const references = prompts.map(({ reference, tokens }, index) => {
    const own = [...tokenizer.encode(reference), ...end];
    if (own.length === 0) throw refused(index, 'has no tokens; leave the prompt out');
    const length = tokens.length + own.length;
    if (length > maxTokens)
      throw refused(
        index,
        `makes ${length} tokens with its prompt, more than the ${maxTokens} that the model’s context has room for; shorten it, or choose a shape with a longer context`,
      );
    return own;
  });
  return artifacts.put(Buffer.from(JSON.stringify({ format: VERSION, references })));
}

const MAX_CACHED_BYTES = 64 * 1_024 * 1_024;
const open = cachedArtifacts(MAX_CACHED_BYTES, decode);

/** The tokens of each prompt's reference, in the order of the prompt set. */
export async function openReferences(
  artifacts: Artifacts,
  pinned: string | undefined,
): Promise<readonly (readonly number[])[]> {
  if (pinned !== undefined) return open(artifacts, pinned);
  throw new PawlError('InvalidRequest', 'The references were not pinned when the run was planned: submit it anew.');
}

function decode(bytes: Buffer): readonly (readonly number[])[] {
  return Stored.parse(JSON.parse(bytes.toString('utf8'))).references;
}

function refused(index: number, why: string): PawlError {
  return new PawlError('InvalidRequest', `evaluate.prompts: reference ${index + 1} of the set ${why}.`);
}
