/** Machines of a trial's slot: taken over from the trial before, and left to the next one. */
import { CancellationScope } from '@temporalio/workflow';
import { activities } from '../activities.ts';
import { stopped } from '../../domain/decide/clock.ts';
import type { HeldMachine } from '../../domain/words/machines.ts';
import type { LeftSlot, SlotMachines } from '../../domain/words/trial.ts';
import type { Run } from './state.ts';

/** What the platform's last word is of machines that stay. */
const LEFT = 'left to the next trial';

/** Once: what was returned since is rented anew. While the run uses them they are its own to return. */
export async function takeOver({ input, state }: Run): Promise<boolean> {
  const { machines } = input.sweep?.slot ?? {};
  if (machines === undefined || state.taken === true) return false;
  state.taken = true;
  await activities.handOver({ to: input.runId, machines: leasesOf(machines) });
  state.trainerId = machines.trainerId;
  state.trainerCreated = true;
  state.deploymentId = machines.target.deploymentId;
  state.target = machines.target;
  return true;
}

/** Where a run rests before it came to take over anything, nobody else may: it is returned. */
export async function returnUntaken({ input, state }: Run): Promise<void> {
  const { machines } = input.sweep?.slot ?? {};
  if (machines === undefined || state.taken === true) return;
  state.taken = true;
  const { trainerId, target } = machines;
  await CancellationScope.nonCancellable(async () => {
    await activities.releaseTrainer({ trainerId });
    await activities.releaseDeployment({ deploymentId: target.deploymentId, onFinish: 'delete' });
  });
}

/**
 * Whoever goes to its end leaves what it has, whose lease is the sweep's from then on; the model that it trained goes. One
 * that failed or was ended leaves nothing: nobody knows what its machines are worth. Says whether it left them.
 */
export async function leaveSlot({ input, state }: Run): Promise<boolean> {
  const { sweep } = input;
  const { trainerId, target, connection, outcome } = state;
  if (sweep?.slot === undefined || outcome !== 'finished') return false;
  if (trainerId === undefined || target === undefined || connection === undefined) return false;
  const left = { trainerId, target };
  try {
    await activities.handOver({ to: sweep.sweepId, machines: leasesOf(left), connection });
  } catch {
    return false;
  }
  state.left = left;
  state.release = { trainerState: LEFT, deploymentState: LEFT };
  state.clock = stopped(state.clock, Date.now());
  delete state.connection;
  delete state.target;
  delete state.trainerId;
  delete state.trainerCreated;
  delete state.deploymentId;
  return true;
}

/** For its sweep; undefined: its machines were its own. */
export function leftSlot({ input, state }: Run): LeftSlot | undefined {
  const slot = input.sweep?.slot;
  if (slot === undefined) return undefined;
  const { taken, left, trainers, deployments, readyMs, plan } = state;
  // What it never came to take over stands idle still.
  const machines = left ?? (taken === true ? undefined : slot.machines);
  return {
    slot: { slotId: slot.slotId, trainers, deployments, ...(machines !== undefined && { machines }) },
    took: trainers === slot.trainers && deployments === slot.deployments,
    costPerHour: plan?.costPerHour ?? 0,
    ...(readyMs !== undefined && { readyMs }),
  };
}

function leasesOf({ trainerId, target }: SlotMachines): HeldMachine[] {
  return [
    { kind: 'trainer', id: trainerId },
    { kind: 'deployment', id: target.deploymentId },
  ];
}
