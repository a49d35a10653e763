/** The real pool for tests, from the sources; closed after the tests of the file that opens it. To be called at its top. */
import { afterAll } from '@jest/globals';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Compute } from '../../activities/compute/compute.ts';
import { openPool, poolOf, type PoolOptions } from '../../activities/compute/pool.ts';
import type { TASKS } from './misbehaving.ts';

const thread = pathToFileURL(resolve('scripts/pool-thread.mjs'));

export function testPool(options: Partial<PoolOptions> = {}): Compute {
  const compute = openPool({ thread, threads: 2, ...options });
  afterAll(() => compute.close());
  return compute;
}

/** A pool of two threads whose tasks are those of `misbehaving.ts`. */
export function misbehavingPool(options: Partial<PoolOptions> = {}): Compute<typeof TASKS> {
  const workerData = { tasks: pathToFileURL(resolve('test/compute/misbehaving.ts')).href };
  const compute = poolOf<typeof TASKS>(
    { thread, threads: 2, workerData, ...options },
    {
      double: 'long',
      loop: 'long',
      allocate: 'long',
      exit: 'long',
      count: 'quick',
      refuse: 'quick',
      break: 'quick',
      environment: 'quick',
      memory: 'quick',
    },
  );
  afterAll(() => compute.close());
  return compute;
}
