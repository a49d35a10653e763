/** The workflows a worker offers. */
export { reconcile } from './reconcile.ts';
export { run } from './run.ts';
