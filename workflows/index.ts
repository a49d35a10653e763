/** The workflows a worker offers. */
export { appraise } from './appraise.ts';
export { bisect } from './bisect.ts';
export { branches } from './branches.ts';
export { promotions } from './promotions.ts';
export { addPrompts, aliasPrompts } from './prompts.ts';
export { gc } from './gc.ts';
export { reconcile } from './reconcile.ts';
export { rollback } from './rollback.ts';
export { run } from './run.ts';
