/** What was sought among the examples of some parts, and is there, token by token: what a thread looks for. */
import { createHash } from 'node:crypto';
import { openArtifacts, type Artifacts } from '../../store/artifacts/artifacts.ts';
import { Kept } from '../compute/kept.ts';
import { openDataset } from './dataset.ts';
import { decodePart } from './part-format.ts';
import { openPromptSet } from './prompt-set.ts';

/** Hashes: prompts are sought before what an example trains, examples of another dataset as a whole. */
export type Sought = { readonly promptSet: string } | { readonly examplesOf: string };

export interface OverlapSearch {
  /** Folder of the artifacts. */
  readonly folder: string;
  readonly sought: Sought;
  /** Of the dataset. */
  readonly parts: readonly string[];
}

interface Wanted {
  /** Numbers of the prompts, or examples, that have these tokens. */
  readonly numbers: ReadonlyMap<string, readonly number[]>;
  /** Most examples are of another length than anything that is sought, and need no key. */
  readonly lengths: ReadonlySet<number>;
}

const kept = new Kept<Wanted>();

/** Numbers of prompts, or of examples, that were found. */
export async function findOverlap({ folder, sought, parts }: OverlapSearch): Promise<number[]> {
  const artifacts = openArtifacts(folder);
  const whole = 'examplesOf' in sought;
  const { numbers, lengths } = await kept.get(`${folder}\n${Object.entries(sought).join()}`, async () =>
    wanted(whole ? examplesOf(artifacts, sought.examplesOf) : promptsOf(artifacts, sought.promptSet)),
  );
  const found = new Set<number>();
  for (const part of parts) {
    for (const { tokens, trained } of decodePart(await artifacts.get(part))) {
      for (const length of whole ? [tokens.length] : startsOf(trained)) {
        if (!lengths.has(length)) continue;
        for (const number of numbers.get(keyOf(tokens.subarray(0, length))) ?? []) found.add(number);
      }
    }
  }
  return [...found];
}

function startsOf(trained: ArrayLike<number>): number[] {
  return Array.from({ length: trained.length / 2 }, (_, piece) => trained[2 * piece] ?? 0);
}

async function wanted(texts: AsyncIterable<Int32Array>): Promise<Wanted> {
  const numbers = new Map<string, number[]>();
  const lengths = new Set<number>();
  let number = 0;
  for await (const tokens of texts) {
    const key = keyOf(tokens);
    numbers.set(key, [...(numbers.get(key) ?? []), number]);
    lengths.add(tokens.length);
    number += 1;
  }
  return { numbers, lengths };
}

async function* promptsOf(artifacts: Artifacts, hash: string): AsyncGenerator<Int32Array> {
  for (const { tokens } of await openPromptSet(artifacts, hash)) yield Int32Array.from(tokens);
}

async function* examplesOf(artifacts: Artifacts, hash: string): AsyncGenerator<Int32Array> {
  const { manifest } = await openDataset(artifacts, hash);
  for (const { hash: part } of manifest.parts) {
    for (const { tokens } of decodePart(await artifacts.get(part))) yield tokens;
  }
}

/** A digest: rows of validation may be long, and many. */
function keyOf({ buffer, byteOffset, byteLength }: Int32Array): string {
  return createHash('sha256')
    .update(Buffer.from(buffer, byteOffset, byteLength))
    .digest('base64');
}
