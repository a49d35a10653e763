/** Opens a tokenized dataset: any example at any time, without the others in memory. */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { cachedArtifacts } from '../../store/artifacts/cached-artifacts.ts';
import { decodeManifest, type Manifest } from './manifest.ts';
import { exampleLengths, readExample, type Example } from './part-format.ts';

export interface Dataset {
  readonly manifest: Manifest;
  readonly examples: number;
  /** In the order asked for. */
  read(indices: readonly number[]): Promise<Example[]>;
  /** In tokens, of all of them in order, a part at a time. */
  lengths(): AsyncGenerator<Iterable<number>>;
}

const MAX_MANIFEST_BYTES = 16 * 1_024 * 1_024;
const openManifest = cachedArtifacts(MAX_MANIFEST_BYTES, decodeManifest);

/** Parts of small datasets stay in memory; of a large one a step would hit another part with nearly every example. */
const MAX_CACHED_BYTES = 64 * 1_024 * 1_024;
const openPart = cachedArtifacts(MAX_CACHED_BYTES, (bytes) => bytes);
/** Four bytes a token, and a little. */
const MAX_CACHED_TOKENS = MAX_CACHED_BYTES / 5;

export async function openDataset(artifacts: Artifacts, hash: string): Promise<Dataset> {
  const manifest = await openManifest(artifacts, hash);
  const { parts, examples } = manifest;
  const ends = endsOf(parts);
  const cached = manifest.tokens <= MAX_CACHED_TOKENS;

  async function example(index: number): Promise<Example> {
    const at = ends.findIndex((end) => index < end);
    const part = parts[at];
    if (part === undefined || index < 0) throw new RangeError(`example ${index} of ${examples}`);
    const within = index - ((ends[at] ?? 0) - part.examples);
    const read = cached
      ? async (offset: number, length: number) =>
          (await openPart(artifacts, part.hash)).subarray(offset, offset + length)
      : (offset: number, length: number) => artifacts.read(part.hash, { offset, length });
    return readExample(read, part.examples, within);
  }

  async function* lengths(): AsyncGenerator<Iterable<number>> {
    for (const { hash: part } of parts) yield exampleLengths(await artifacts.get(part));
  }

  return { manifest, examples, read: async (indices) => Promise.all(indices.map(example)), lengths };
}

/** Number of the first example that is not in it, for each part. */
function endsOf(parts: Manifest['parts']): number[] {
  let end = 0;
  return parts.map((part) => (end += part.examples));
}

/** The artifacts that hold a dataset's examples; none where it is not there, or none of ours. */
export async function partsOf(artifacts: Artifacts, hash: string): Promise<readonly string[]> {
  const manifest = await openManifest(artifacts, hash).catch((error: unknown) => {
    if (error instanceof PawlError && error.type === 'InvalidRequest') return undefined;
    throw error;
  });
  return (manifest?.parts ?? []).map((part) => part.hash);
}
