/** Training data as tests look at it: made into a dataset by the pool, and read back whole. */
import { openDataset } from '../../activities/data/dataset.ts';
import { importDataset, type DatasetImport, type ImportPorts } from '../../activities/data/import-dataset.ts';
import type { Manifest } from '../../activities/data/manifest.ts';
import type { Example } from '../../activities/data/part-format.ts';

export async function importAndRead(
  ports: ImportPorts,
  options: DatasetImport,
): Promise<{ made: Awaited<ReturnType<typeof importDataset>>; manifest: Manifest; examples: Example[] }> {
  const made = await importDataset(ports, options);
  const dataset = await openDataset(ports.artifacts, made.hash);
  const examples = await dataset.read(Array.from({ length: dataset.examples }, (_, index) => index));
  return { made, manifest: dataset.manifest, examples };
}
