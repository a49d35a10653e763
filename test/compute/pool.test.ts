import { describe, expect, test } from '@jest/globals';
import { packScores } from '../../activities/compute/packed-scores.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { pairedDifference } from '../../domain/decide/statistics/paired.ts';
import { misbehavingPool, testPool } from './pool.ts';

const pool = misbehavingPool({ maxHeapMb: 64 });
const closed = misbehavingPool();
const compute = testPool();

describe('a task', () => {
  test('is answered, many at a time, each with its own', async () => {
    const values = Array.from({ length: 50 }, (_, index) => index);
    expect(await Promise.all(values.map((value) => pool.run('double', value)))).toEqual(
      values.map((value) => 2 * value),
    );
  });

  test('reports before it answers, in order', async () => {
    const seen: number[] = [];
    expect(await pool.run('count', 5, { onProgress: (value) => seen.push(value) })).toBe(5);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  test('sees nothing of the environment', async () => {
    process.env['PAWL_POOL_SECRET'] = 'secret';
    expect(await pool.run('environment', null)).toEqual([]);
  });

  test('hands its memory over', async () => {
    const { made, leftHere } = await pool.run('memory', 1_000);
    expect(leftHere).toBe(1_000);
    expect(made.at(-1)).toBe(999);
  });

  test('that fails on purpose fails here as the same', async () => {
    const failed = await pool.run('refuse', 'not now').catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(PawlError);
    expect(failed).toMatchObject({ type: 'Unavailable', message: 'not now', detail: { status: 7 } });
    expect(failed).toMatchObject({ cause: { name: 'RangeError', message: 'deeper' } });
  });

  test('that breaks tells its name, message and place', async () => {
    const broken = await pool.run('break', 'oops').catch((error: unknown) => error);
    expect(broken).toMatchObject({ name: 'RangeError', message: 'oops' });
    expect((broken as Error).stack).toContain('misbehaving.ts');
  });
});

describe('a task that never ends', () => {
  test('is ended after its time, and others find a thread', async () => {
    const loops = [1, 2, 3].map((number) => pool.run('loop', null, { timeoutMs: 200, what: `loop ${number}` }));
    const ends = await Promise.allSettled([...loops, pool.run('double', 21)]);
    for (const [index, end] of ends.slice(0, 3).entries()) {
      expect(end).toMatchObject({
        reason: {
          reason: 'timeout',
          type: 'InvalidRequest',
          message: `loop ${index + 1}: took longer than 0.2 s, and was ended`,
        },
      });
    }
    expect(ends[3]).toMatchObject({ value: 42 });
  });

  test('is ended by its signal, with that reason; one that waits never begins', async () => {
    const control = new AbortController();
    const loops = [1, 2, 3, 4].map(() => pool.run('loop', null, { signal: control.signal }));
    const waiting = pool.run('double', 4);
    control.abort(new Error('enough'));
    for (const end of await Promise.allSettled(loops)) expect(end).toMatchObject({ reason: { message: 'enough' } });
    expect(await waiting).toBe(8);
    await expect(pool.run('double', 1, { signal: control.signal })).rejects.toThrow('enough');
  });

  test('does not hold up the other lane', async () => {
    const control = new AbortController();
    const loops = [1, 2, 3].map(() => pool.run('loop', null, { signal: control.signal }));
    expect(await pool.run('count', 1)).toBe(1);
    control.abort();
    await Promise.allSettled(loops);
  });
});

describe('a thread that dies', () => {
  test('of memory says so, and is replaced', async () => {
    await expect(pool.run('allocate', null, { what: 'the heap' })).rejects.toMatchObject({
      reason: 'memory',
      type: 'InvalidRequest',
      message: 'the heap: needed more memory than a thread may have, and was ended',
    });
    expect(await pool.run('double', 2)).toBe(4);
  });

  test('of its own accord says so, is worth another try, and is replaced', async () => {
    await expect(pool.run('exit', 3)).rejects.toMatchObject({ reason: 'died', type: 'Unavailable' });
    expect(await pool.run('double', 3)).toBe(6);
  });
});

test('what runs when the pool is closed fails, and closing ends', async () => {
  const ends = Promise.allSettled([closed.run('loop', null), closed.run('loop', null), closed.run('loop', null)]);
  await closed.run('count', 1);
  await closed.close();
  for (const end of await ends) expect(end).toMatchObject({ reason: { message: 'the worker shuts down' } });
  await expect(closed.run('double', 1)).rejects.toThrow('the worker shuts down');
});

test("pawl's own tasks: a paired difference is the same to the last bit", async () => {
  const scores = (shift: number) =>
    Array.from({ length: 300 }, (_, index) => ({ promptHash: `p${index}`, score: ((index * 7 + shift) % 11) / 11 }));
  const [baseline, candidate] = [scores(0), scores(3)];
  const input = { baseline: packScores(baseline), candidate: packScores(candidate) };
  const found = await compute.run('statistics.pairedDifference', input);
  expect(found).toEqual(pairedDifference(baseline, candidate));
  const none = { baseline: packScores([]), candidate: packScores([]) };
  expect(await compute.run('statistics.pairedDifference', none)).toBeUndefined();
});
