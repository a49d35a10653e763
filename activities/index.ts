/** Every activity, built from the ports that the worker hands in. */
import type { Activities } from '../domain/words/run.ts';
import type { GcActivities } from '../domain/words/gc.ts';
import type { BranchActivities } from '../domain/words/branches.ts';
import type { NotifyActivities } from '../domain/words/notify.ts';
import type { MachineActivities } from '../domain/words/machines.ts';
import type { PromotionActivities } from '../domain/words/promotion.ts';
import type { PromptActivities } from '../domain/words/prompts.ts';
import type { ReconcileActivities } from '../domain/words/reconcile.ts';
import type { AccountActivities } from '../domain/words/accounts.ts';
import type { ScheduleActivities } from '../domain/words/schedule.ts';
import type { SweepActivities } from '../domain/words/sweep-workflow.ts';
import type { ServingActivities } from '../domain/words/serving.ts';
import { branching } from './branches/branches.ts';
import { checkpointing } from './run/checkpoint.ts';
import type { Compute } from './compute/compute.ts';
import type { Artifacts } from '../store/artifacts/artifacts.ts';
import type { Channels } from './notify/channels.ts';
import { delivering } from './notify/deliver.ts';
import { evaluating } from './run/evaluate.ts';
import type { Secrets } from './grading/graders.ts';
import { collecting } from './upkeep/gc.ts';
import { guarded } from './guard.ts';
import { planning } from './run/plan.ts';
import type { Places } from './places.ts';
import type { Backend } from './ports.ts';
import { promoting, type PromotionDesk } from './promotion/promotion.ts';
import { promptSets } from './upkeep/prompts.ts';
import { provisioning } from './run/provision.ts';
import { cancellable } from './cancellable.ts';
import { minding } from './upkeep/machines.ts';
import { reconciling, type RunDirectory } from './upkeep/reconcile.ts';
import { recording } from './run/record.ts';
import { scoring } from './preference/score-reference.ts';
import { restoring } from './run/restore-record.ts';
import { serving } from './serving/serving.ts';
import type { Store } from '../store/index.ts';
import { keepingAccounts } from './money/accounts.ts';
import { scheduling } from './schedule/orders.ts';
import { sweeping } from './sweep/sweep.ts';
import { training } from './run/train.ts';
import { validating } from './validation/measure-loss.ts';
import type { UserCode } from './user-code/user-code.ts';

export function createActivities(given: {
  backend: Backend;
  store: Store;
  artifacts: Artifacts;
  secrets: Secrets;
  compute: Compute;
  userCode: UserCode;
  directory: RunDirectory;
  places: Places;
  channels: Pick<Channels, 'problemOf'>;
}): Activities {
  const ports = { ...given, store: cancellable(given.store) };
  return guarded(
    {
      ...planning(ports),
      ...provisioning(ports),
      ...checkpointing(ports),
      ...training(ports),
      ...scoring(ports),
      ...validating(ports),
      ...evaluating(ports),
      ...recording(ports),
      ...restoring(ports),
    },
    ports.places,
  );
}

export function createPromptActivities(ports: {
  store: Store;
  artifacts: Artifacts;
  compute: Compute;
}): PromptActivities {
  return guarded(promptSets(ports));
}

export function createBranchActivities(ports: { store: Store }): BranchActivities {
  return guarded(branching(ports));
}

export function createReconcileActivities(ports: Parameters<typeof reconciling>[0]): ReconcileActivities {
  return guarded(reconciling(ports));
}

export function createMachineActivities(ports: Parameters<typeof minding>[0]): MachineActivities {
  return guarded(minding(ports));
}

export function createNotifyActivities(ports: Parameters<typeof delivering>[0]): NotifyActivities {
  return guarded(delivering(ports));
}

export function createGcActivities(ports: Parameters<typeof collecting>[0]): GcActivities {
  return guarded(collecting(ports));
}

export function createServingActivities(ports: Parameters<typeof serving>[0] & { places: Places }): ServingActivities {
  return guarded(serving(ports), ports.places);
}

export function createPromotionActivities(ports: {
  backend: Backend;
  store: Store;
  desk: PromotionDesk;
  compute: Compute;
  places: Places;
}): PromotionActivities {
  return guarded(promoting(ports), ports.places);
}

export function createSweepActivities(ports: Parameters<typeof sweeping>[0]): SweepActivities {
  return guarded(sweeping(ports));
}

export function createScheduleActivities(ports: Parameters<typeof scheduling>[0]): ScheduleActivities {
  return guarded(scheduling(ports));
}

export function createAccountActivities(ports: { store: Store }): AccountActivities {
  return guarded(keepingAccounts(ports));
}
