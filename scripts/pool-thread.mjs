/** A thread of the pool for tests: from the sources as they stand, compiled as they are loaded, so that no build is needed. */
import { register } from 'node:module';
import { workerData } from 'node:worker_threads';

register('./typescript-hooks.mjs', import.meta.url);
const { serveTasks } = await import('../activities/compute/serve-tasks.ts');
// A test may bring tasks of its own.
const { TASKS } = await import(workerData?.tasks ?? '../activities/compute/tasks.ts');
export const runTask = serveTasks(TASKS);
