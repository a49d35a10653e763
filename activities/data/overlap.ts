/** What is asked, or validated, and was trained on too: a score of that says little of what was learned. */
import { openDataset } from './dataset.ts';
import type { ImportPorts } from './import-dataset.ts';
import { inOrder } from './in-order.ts';
import type { Sought } from './overlap-task.ts';

/** 128 MiB of tokens: half a second. */
const PARTS_AT_ONCE = 8;

/** Numbers of the prompts that stand, token by token, before something that an example of the dataset trains; of the examples that are in it. */
export async function foundInDataset(
  { artifacts, compute }: ImportPorts,
  { dataset, sought, signal }: { dataset: string; sought: Sought; signal: AbortSignal },
): Promise<ReadonlySet<number>> {
  const { manifest } = await openDataset(artifacts, dataset);
  const parts = manifest.parts.map(({ hash }) => hash);
  const groups = Array.from({ length: Math.ceil(parts.length / PARTS_AT_ONCE) }, (_, group) =>
    parts.slice(group * PARTS_AT_ONCE, (group + 1) * PARTS_AT_ONCE),
  );
  const folder = artifacts.location;
  const found = new Set<number>();
  const run = async (group: string[]): Promise<number[]> =>
    compute.run('data.findOverlap', { folder, sought, parts: group }, { signal });
  for await (const numbers of inOrder(groups, { width: 2 * compute.parallelism, run })) {
    for (const number of numbers) found.add(number);
  }
  return found;
}
