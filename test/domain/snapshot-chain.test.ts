/** What must be loaded to serve a checkpoint again. */
import { describe, expect, test } from '@jest/globals';
import { chainTo } from '../../domain/decide/snapshot-chain.ts';
import type { Checkpoint } from '../../domain/words/checkpoint.ts';

function checkpoint(name: string, on?: string, trainerId?: string): Checkpoint {
  return {
    name,
    step: 0,
    generation: 1,
    statePath: name,
    identity: `${name}-hex`,
    ...(on === undefined
      ? { snapshotType: 'base' as const }
      : { snapshotType: 'delta' as const, previousIdentity: `${on}-hex` }),
    ...(trainerId !== undefined && { trainerId }),
  };
}

const CHECKPOINTS = [
  checkpoint('a'),
  checkpoint('b', 'a'),
  checkpoint('c', 'b'),
  checkpoint('d', undefined, 'run-trainer-2'),
  checkpoint('e', 'd', 'run-trainer-2'),
  checkpoint('lost', 'nobody'),
  checkpoint('astray', 'c', 'run-trainer-2'),
  checkpoint('self', 'self'),
];

function loaded(name: string): { names: string[]; trainer: string } {
  const chain = chainTo('run', CHECKPOINTS, name);
  if (chain.kind === 'none') throw new Error(chain.reason);
  return { names: chain.snapshots.map((snapshot) => snapshot.name), trainer: chain.trainerId };
}

test('a base is loaded alone; a delta after everything that it stands on', () => {
  expect(loaded('a')).toEqual({ names: ['a'], trainer: 'run-trainer' });
  expect(loaded('c')).toEqual({ names: ['a', 'b', 'c'], trainer: 'run-trainer' });
  expect(loaded('e')).toEqual({ names: ['d', 'e'], trainer: 'run-trainer-2' });
});

describe('there is no chain', () => {
  test.each([
    ['missing', /run run has no checkpoint missing/],
    ['lost', /delta lost was made from nobody-hex, which no checkpoint/],
    ['astray', /delta astray was made from c, which is in the bucket of another trainer/],
    ['self', /delta self was made from self-hex/],
  ])('to %s', (name, reason) => {
    expect(() => loaded(name)).toThrow(reason);
  });
});
