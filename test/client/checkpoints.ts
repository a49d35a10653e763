/** Checkpoints as the store tells them, for tests. */
import type { StoredCheckpoint } from '../../store/index.ts';

const HEX = '1a2b3c4d';

export function storedCheckpoint(
  name: string,
  { step, score, generation = 1, on }: { step: number; score?: number; generation?: number; on?: string },
): StoredCheckpoint {
  const identity = `${name}-${HEX}`;
  const evaluation = {
    id: `run/${name}/a1`,
    checkpoint: name,
    step,
    identity,
    promptSet: 'set',
    metric: 'exact_match',
  };
  return {
    checkpoint: {
      name,
      step,
      generation,
      statePath: name,
      identity,
      ...(on === undefined
        ? { snapshotType: 'base' as const }
        : { snapshotType: 'delta' as const, previousIdentity: `${on}-${HEX}` }),
    },
    savedAt: '2026-11-26T10:00:00.000Z',
    ...(score !== undefined && {
      evaluation: { ...evaluation, score, low: score - 0.1, high: score + 0.1, samples: 24, missing: 0 },
    }),
  };
}
