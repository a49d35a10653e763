import { describe, expect, test } from '@jest/globals';
import { ByteCache } from '../../store/artifacts/byte-cache.ts';

/** Values of ten bytes each, in a cache of thirty; `loads` tells what was loaded. */
function cacheOfThree(loads: string[]): ByteCache<string> {
  return new ByteCache({
    maxBytes: 30,
    load: (key) => {
      loads.push(key);
      return Promise.resolve({ value: key.toUpperCase(), bytes: 10 });
    },
  });
}

describe('a cache by bytes', () => {
  test('forgets what was not used for longest', async () => {
    const loads: string[] = [];
    const cache = cacheOfThree(loads);
    for (const key of ['a', 'b', 'c', 'a', 'd', 'a', 'c', 'd', 'b'])
      expect(await cache.get(key)).toBe(key.toUpperCase());
    expect(loads).toEqual(['a', 'b', 'c', 'd', 'b']);
  });

  test('loads once for all who ask at the same time', async () => {
    const loads: string[] = [];
    const cache = cacheOfThree(loads);
    await Promise.all([cache.get('a'), cache.get('a'), cache.get('a')]);
    expect(loads).toEqual(['a']);
  });

  test('keeps a value larger than its limit while it is the one in use', async () => {
    const loads: string[] = [];
    const cache = new ByteCache({
      maxBytes: 5,
      load: (key) => {
        loads.push(key);
        return Promise.resolve({ value: key, bytes: 10 });
      },
    });
    await cache.get('a');
    await cache.get('a');
    await cache.get('b');
    await cache.get('a');
    expect(loads).toEqual(['a', 'b', 'a']);
  });

  test('loads again after a failure', async () => {
    let attempts = 0;
    const cache = new ByteCache({
      maxBytes: 30,
      load: () => {
        attempts += 1;
        return attempts === 1 ? Promise.reject(new Error('not yet')) : Promise.resolve({ value: 'there', bytes: 10 });
      },
    });
    await expect(cache.get('a')).rejects.toThrow('not yet');
    expect(await cache.get('a')).toBe('there');
  });
});
