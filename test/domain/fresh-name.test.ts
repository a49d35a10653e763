import { describe, expect, test } from '@jest/globals';
import { freshName } from '../../domain/decide/fresh-name.ts';

function all(...wanted: string[]): string[] {
  let given: readonly string[] = [];
  return wanted.map((one) => {
    const fresh = freshName(given, one);
    ({ given } = fresh);
    return fresh.name;
  });
}

describe('a name to save under', () => {
  test('is the wanted one', () => {
    expect(all('step-000010-g1', 'step-000020-g1')).toEqual(['step-000010-g1', 'step-000020-g1']);
  });
  test('is never one that was given away before, whatever else looks like it', () => {
    const names = all('pause-000082-g1', 'pause-000082-g1-2', 'pause-000082-g1', 'pause-000082-g1');
    expect(names).toEqual(['pause-000082-g1', 'pause-000082-g1-2', 'pause-000082-g1-3', 'pause-000082-g1-4']);
  });
  test('is remembered for a while, and not for ever', () => {
    const many = Array.from({ length: 1_000 }, (_, step) => `step-${step}`);
    let given: readonly string[] = [];
    for (const name of many) ({ given } = freshName(given, name));
    expect(given.length).toBeLessThan(100);
    expect(freshName(given, 'step-999').name).toBe('step-999-2');
  });
});
