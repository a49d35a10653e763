import { expect, test } from '@jest/globals';
import { unknownLines } from '../../client/cli/render/machine-lines.ts';

test('a machine that the store does not know is told with whose it is, and only of one’s own what became of its run', () => {
  const machine = { kind: 'trainer', id: 'run-0000000a-trainer', holder: 'run-0000000a', state: 'RUNNING' } as const;
  const lines = unknownLines([
    { ...machine, inUse: false, ours: true, mark: '12345678' },
    { ...machine, inUse: true, ours: true, mark: '12345678' },
    { ...machine, inUse: false, ours: false, mark: '0badcafe' },
    { ...machine, inUse: false, ours: false },
  ]);
  expect(lines.map((line) => line.replace('trainer run-0000000a-trainer: RUNNING; ', ''))).toEqual([
    'run-0000000a is over',
    'run-0000000a goes on, and returns it itself',
    'it bears the mark 0badcafe of another store',
    'it bears no mark, and may be another store’s',
  ]);
});
