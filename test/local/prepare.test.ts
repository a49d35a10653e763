import { beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../client/local/paths.ts';

const example = join(packageRoot(), 'examples', 'pronounce');
const prepare = (): Buffer => execFileSync(process.execPath, [join(example, 'prepare.mjs')], { stdio: 'pipe' });

interface Row {
  readonly prompt: string;
  readonly completion?: string;
  readonly reference?: string;
}

function rows(name: string): Row[] {
  const lines = readFileSync(join(example, 'data', name), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as Row);
}

describe('the data of the pronunciation example', () => {
  beforeAll(() => void prepare());

  test('has no word on both sides', () => {
    const trained = new Set(rows('train.jsonl').map((row) => row.prompt));
    const heldOut = rows('heldout.jsonl').map((row) => row.prompt);
    expect(heldOut).toHaveLength(256);
    expect(new Set(heldOut).size).toBe(256);
    expect(heldOut.filter((prompt) => trained.has(prompt))).toEqual([]);
  });

  test('is spelling and phonemes, and nothing else', () => {
    const pairs = [...rows('train.jsonl'), ...rows('heldout.jsonl')];
    const odd = pairs.filter(
      ({ prompt, completion, reference }) =>
        !/^([a-z] ){3,9}=$/.test(prompt) || !/^[A-Z]{1,2}( [A-Z]{1,2})*$/.test(completion ?? reference ?? ''),
    );
    expect(odd).toEqual([]);
    expect(pairs.find((row) => row.prompt === 'h e l l o =')).toEqual({
      prompt: 'h e l l o =',
      completion: 'HH AH L OW',
    });
  });

  test('is not written again when it is there', () => {
    const file = join(example, 'data', 'train.jsonl');
    const before = statSync(file).mtimeMs;
    prepare();
    expect(statSync(file).mtimeMs).toBe(before);
  });
});
