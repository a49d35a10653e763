/** Every activity, built from the ports that the worker hands in. */
import type {
  Activities,
  GcActivities,
  BranchActivities,
  PromotionActivities,
  PromptActivities,
  ReconcileActivities,
  ServingActivities,
} from '../workflows/contracts.ts';
import { branching } from './branches.ts';
import { checkpointing } from './checkpoint.ts';
import type { Artifacts } from './data/artifacts.ts';
import { evaluating } from './evaluate.ts';
import type { Secrets } from './grading/graders.ts';
import { collecting } from './gc.ts';
import { guarded } from './guard.ts';
import { planning } from './plan.ts';
import type { Backend } from './ports.ts';
import { promoting, type PromotionDesk } from './promotion.ts';
import { promptSets } from './prompts.ts';
import { provisioning } from './provision.ts';
import { reconciling } from './reconcile.ts';
import { recording } from './record.ts';
import { serving } from './serving.ts';
import type { Store } from './store/index.ts';
import { training } from './train.ts';

export function createActivities(ports: {
  backend: Backend;
  store: Store;
  artifacts: Artifacts;
  secrets: Secrets;
}): Activities {
  return guarded({
    ...planning(ports),
    ...provisioning(ports),
    ...checkpointing(ports),
    ...training(ports),
    ...evaluating(ports),
    ...recording(ports),
  });
}

export function createPromptActivities(ports: { store: Store; artifacts: Artifacts }): PromptActivities {
  return guarded(promptSets(ports));
}

export function createBranchActivities(ports: { store: Store }): BranchActivities {
  return guarded(branching(ports));
}

export function createReconcileActivities(ports: Parameters<typeof reconciling>[0]): ReconcileActivities {
  return guarded(reconciling(ports));
}

export function createGcActivities(ports: Parameters<typeof collecting>[0]): GcActivities {
  return guarded(collecting(ports));
}

export function createServingActivities(ports: Parameters<typeof serving>[0]): ServingActivities {
  return guarded(serving(ports));
}

export function createPromotionActivities(ports: {
  backend: Backend;
  store: Store;
  desk: PromotionDesk;
}): PromotionActivities {
  return guarded(promoting(ports));
}
