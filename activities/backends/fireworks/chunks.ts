/** Splits the data of one call into requests that the trainer accepts. Pure. */
import { estimatedBytes, type TrainingDatum } from './datum.ts';
import type { Limits } from './tables.ts';

/** In order; each holds at least one datum, and otherwise keeps to both limits. */
export function chunked<T extends TrainingDatum>(
  data: readonly T[],
  { requestDatums, requestBytes }: Pick<Limits, 'requestDatums' | 'requestBytes'>,
): T[][] {
  const chunks: T[][] = [];
  let current: T[] = [];
  let size = 0;
  for (const datum of data) {
    const bytes = estimatedBytes(datum);
    if (current.length > 0 && (current.length >= requestDatums || size + bytes > requestBytes)) {
      chunks.push(current);
      current = [];
      size = 0;
    }
    current.push(datum);
    size += bytes;
  }
  if (current.length > 0) chunks.push(current);
  return chunks;
}
