/** The workflows a worker offers. */
export { afterword } from './upkeep/afterword.ts';
export { appraise } from './serving/appraise.ts';
export { bisect } from './serving/bisect.ts';
export { branches } from './branches/branches.ts';
export { promotions } from './promotion/promotions.ts';
export { addPrompts, aliasPrompts } from './upkeep/prompts.ts';
export { courier, tryChannel } from './notify/courier.ts';
export { gc } from './upkeep/gc.ts';
export { proof } from './proof/proof.ts';
export { machines, releaseMachine } from './upkeep/machines.ts';
export { reconcile } from './upkeep/reconcile.ts';
export { rollback } from './serving/rollback.ts';
export { run } from './run/run.ts';
export { setAccount } from './upkeep/accounts.ts';
export { firing } from './schedule/firing.ts';
export { scheduleOrder } from './schedule/orders.ts';
export { sweep } from './sweep/sweep.ts';
