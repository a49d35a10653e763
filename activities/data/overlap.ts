/** Prompts that a model was trained on: what it scores on them says little of what it learned. */
import { openDataset } from './dataset.ts';
import type { ImportPorts } from './import-dataset.ts';
import { inOrder } from './in-order.ts';

/** 128 MiB of tokens: half a second. */
const PARTS_AT_ONCE = 8;

/** How many prompts stand, token by token, before something that an example of the dataset trains. */
export async function overlappingPrompts(
  { artifacts, compute }: ImportPorts,
  { dataset, promptSet, signal }: { dataset: string; promptSet: string; signal: AbortSignal },
): Promise<number> {
  const { manifest } = await openDataset(artifacts, dataset);
  const parts = manifest.parts.map(({ hash }) => hash);
  const groups = Array.from({ length: Math.ceil(parts.length / PARTS_AT_ONCE) }, (_, group) =>
    parts.slice(group * PARTS_AT_ONCE, (group + 1) * PARTS_AT_ONCE),
  );
  const folder = artifacts.location;
  const found = new Set<number>();
  const run = async (group: string[]): Promise<number[]> =>
    compute.run('data.findOverlap', { folder, promptSet, parts: group }, { signal });
  for await (const numbers of inOrder(groups, { width: 2 * compute.parallelism, run })) {
    for (const number of numbers) found.add(number);
  }
  return found.size;
}
