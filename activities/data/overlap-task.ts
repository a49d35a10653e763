/** Which prompts stand, token by token, before something that examples of some parts train: what a thread looks for. */
import { openArtifacts, type Artifacts } from '../../store/artifacts/artifacts.ts';
import { Kept } from '../compute/kept.ts';
import { decodePart } from './part-format.ts';
import { openPromptSet } from './prompt-set.ts';

export interface OverlapSearch {
  /** Folder of the artifacts. */
  readonly folder: string;
  readonly promptSet: string;
  /** Of the dataset. */
  readonly parts: readonly string[];
}

interface Asked {
  /** Numbers of the prompts that have these tokens. */
  readonly prompts: ReadonlyMap<string, readonly number[]>;
  /** Most examples are of another length than any prompt, and need no key. */
  readonly lengths: ReadonlySet<number>;
}

const kept = new Kept<Asked>();

/** Numbers of prompts that were found. */
export async function findOverlap({ folder, promptSet, parts }: OverlapSearch): Promise<number[]> {
  const artifacts = openArtifacts(folder);
  const { prompts, lengths } = await kept.get(`${folder}\n${promptSet}`, async () => askedIn(artifacts, promptSet));
  const found = new Set<number>();
  for (const part of parts) {
    for (const { tokens, trained } of decodePart(await artifacts.get(part))) {
      for (let piece = 0; piece < trained.length; piece += 2) {
        const start = trained[piece] ?? 0;
        if (!lengths.has(start)) continue;
        for (const number of prompts.get(keyOf(tokens.subarray(0, start))) ?? []) found.add(number);
      }
    }
  }
  return [...found];
}

async function askedIn(artifacts: Artifacts, promptSet: string): Promise<Asked> {
  const prompts = new Map<string, number[]>();
  const lengths = new Set<number>();
  for (const [number, { tokens }] of (await openPromptSet(artifacts, promptSet)).entries()) {
    const key = keyOf(Int32Array.from(tokens));
    prompts.set(key, [...(prompts.get(key) ?? []), number]);
    lengths.add(tokens.length);
  }
  return { prompts, lengths };
}

function keyOf({ buffer, byteOffset, byteLength }: Int32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}
