/** What a tokenized dataset is: its facts, and the parts that hold its examples, in order. An artifact of a few lines. */
import { z } from 'zod';
import { PawlError } from '../../domain/words/failures-of-calls.ts';

const VERSION = 'pawl-dataset-3';

export const Part = z.object({ hash: z.string(), examples: z.number().int().positive() });
export type Part = z.output<typeof Part>;

const Manifest = z.object({
  format: z.literal(VERSION),
  tokenizer: z.string(),
  maxTokens: z.number().int(),
  endTokens: z.array(z.number().int()),
  examples: z.number().int().positive(),
  dropped: z.number().int(),
  tokens: z.number().int().positive(),
  maxExampleTokens: z.number().int().positive(),
  /** sha256 of the chat template that conversations were rendered with. */
  chatTemplate: z.string().optional(),
  trainOn: z.string().optional(),
  /** The day that the chat template was told, where it asks. */
  date: z.string().optional(),
  /** Examples 0 and 1 belong together, 2 and 3, … : pairs, or labelled answers with one of another prompt each. */
  preferences: z.enum(['pairs', 'labelled']).optional(),
  parts: z.array(Part).min(1),
});
export type Manifest = z.output<typeof Manifest>;

export function encodeManifest(facts: Omit<Manifest, 'format'>): Buffer {
  return Buffer.from(JSON.stringify({ format: VERSION, ...facts }));
}

export function decodeManifest(bytes: Buffer): Manifest {
  const parsed = Manifest.safeParse(jsonOf(bytes));
  if (parsed.success) return parsed.data;
  throw new PawlError(
    'InvalidRequest',
    'This artifact is not a tokenized dataset of this version: submit the run anew.',
  );
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
