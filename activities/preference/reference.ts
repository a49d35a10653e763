/** What a frozen model thinks of every example of a dataset: Σ log p over its trained tokens, kept once and for all. */
import { sha256, type Artifacts } from '../../store/artifacts/artifacts.ts';
import { cachedArtifacts } from '../../store/artifacts/cached-artifacts.ts';
import type { Plan } from '../../domain/words/plan.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { z } from 'zod';

const VERSION = 'pawl-reference-1';
const BYTES = 8;

/** How far the scoring is; lost notes cost time and nothing else. */
const Note = z.object({
  /** Artifacts of the examples that are scored, in order. */
  parts: z.array(z.string()),
  /** How many examples that is. */
  examples: z.number().int(),
  /** The model that said the last of it; absent: not told. */
  by: z.string().optional(),
  /** The artifact of all, once it is there. */
  done: z.string().optional(),
});
export type ReferenceNote = z.output<typeof Note>;

/** All that the numbers depend on: the data (with its tokenizer and template), and the model, which is the platform's. */
export function referenceKey({
  dataset,
  baseModel,
  platform,
  startFrom,
}: Pick<Plan, 'dataset' | 'baseModel' | 'platform' | 'startFrom'>): string {
  const weights = startFrom === undefined ? [] : [{ ...startFrom, asked: '' }];
  return sha256(JSON.stringify([VERSION, dataset, baseModel, platform, ...weights]));
}

const NOTHING: ReferenceNote = { parts: [], examples: 0 };

/** What is there of it: every artifact is. */
export async function referenceNote(artifacts: Artifacts, key: string): Promise<ReferenceNote> {
  const parsed = Note.safeParse(await artifacts.note(key));
  if (!parsed.success) return NOTHING;
  const { parts, by, done } = parsed.data;
  if (done !== undefined && (await artifacts.renew(done))) return parsed.data;
  for (const hash of parts) if (!(await artifacts.renew(hash))) return NOTHING;
  return { parts, examples: parsed.data.examples, ...(by !== undefined && { by }) };
}

export function encodeScores(scores: readonly number[]): Buffer {
  const bytes = Buffer.alloc(scores.length * BYTES);
  for (const [index, score] of scores.entries()) bytes.writeDoubleLE(score, index * BYTES);
  return bytes;
}

function decodeScores(bytes: Buffer): Float64Array {
  return Float64Array.from({ length: bytes.length / BYTES }, (_, index) => bytes.readDoubleLE(index * BYTES));
}

const MAX_CACHED_BYTES = 64 * 1_024 * 1_024;
const open = cachedArtifacts(MAX_CACHED_BYTES, decodeScores);

/** A number for each example of the dataset, in its order. */
export async function openReference(
  artifacts: Artifacts,
  { reference, dataset }: Pick<Plan, 'reference' | 'dataset'>,
): Promise<Float64Array | undefined> {
  if (reference === undefined) return undefined;
  if (reference.logprobs !== undefined) return open(artifacts, reference.logprobs);
  throw new PawlError('InvalidRequest', `The reference of dataset ${dataset} was not scored: submit the run anew.`);
}
