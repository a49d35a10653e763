/** The workflows a worker offers. */
export { addPrompts, aliasPrompts } from './prompts.ts';
export { reconcile } from './reconcile.ts';
export { run } from './run.ts';
