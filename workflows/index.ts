/** The workflows a worker offers. */
export { run } from './run.ts';
