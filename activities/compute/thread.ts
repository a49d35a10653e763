/** A thread of the pool. The pool loads this file, nobody imports it. */
import { serveTasks } from './serve-tasks.ts';
import { TASKS } from './tasks.ts';

/** Piscina looks for a function of this name. */
export const runTask = serveTasks(TASKS);
