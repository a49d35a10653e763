/** Slots of a sweep whose machines are reused: whose they are at each moment, and that all of them are returned. */
import { CancellationScope } from '@temporalio/workflow';
import { machineKind, placeFor } from '../../domain/decide/slots.ts';
import type { RunInput } from '../../domain/words/run.ts';
import type { TrialEnded } from '../../domain/words/sweep-workflow.ts';
import type { Slot } from '../../domain/words/trial.ts';
import { activities as machines } from '../activities.ts';
import { sweepActivities as activities } from './activities.ts';
import type { HeldSlot, Sweep, SweepState } from './state.ts';

/** The run with the machines that it is to take over; its own where none are reused. */
export async function inSlot(sweep: Sweep, number: number, run: RunInput): Promise<RunInput> {
  const { input, state } = sweep;
  if (input.spec.machines !== 'reuse' || run.sweep === undefined) return run;
  const held = await slotFor(sweep, machineKind(run.spec));
  held.number = number;
  return { ...run, sweep: { ...run.sweep, slot: { ...held.slot } } };

  async function slotFor({ state: { slots = [], concurrency } }: Sweep, kind: string): Promise<HeldSlot> {
    state.slots = slots;
    const place = placeFor(kind, slots, concurrency);
    const known = place.use === 'new' ? undefined : slots[place.index];
    if (known === undefined) {
      const slot = { slotId: `${input.sweepId}-s${slots.length}`, trainers: 0, deployments: 0 };
      const made: HeldSlot = { slot, kind };
      slots.push(made);
      return made;
    }
    if (place.use === 'other') {
      await returnMachines(known);
      known.kind = kind;
    }
    return known;
  }
}

/** As its trial left it; of one that said nothing, all that was rented for it is returned. */
export function freeSlot(state: SweepState, { number, left }: TrialEnded): void {
  const held = state.slots?.find((slot) => slot.number === number);
  if (held === undefined) return;
  delete held.number;
  if (left === undefined) held.lost = true;
  else {
    held.slot = left.slot;
    noteSpared(state, left);
  }
}

function noteSpared(state: SweepState, { took, readyMs, costPerHour }: NonNullable<TrialEnded['left']>): void {
  if (readyMs === undefined) return;
  const spared = state.spared ?? { rented: 0, rentedMs: 0, taken: 0, takenMs: 0, costPerHour: 0 };
  state.spared = {
    rented: spared.rented + (took ? 0 : 1),
    rentedMs: spared.rentedMs + (took ? 0 : readyMs),
    taken: spared.taken + (took ? 1 : 0),
    takenMs: spared.takenMs + (took ? readyMs : 0),
    costPerHour: Math.max(spared.costPerHour, costPerHour),
  };
}

/** Free slots that nobody is to take over any more, or all that are free. */
export async function returnFree(sweep: Sweep, { all }: { all: boolean }): Promise<void> {
  for (const held of sweep.state.slots ?? []) {
    if (held.number === undefined && (all || held.lost === true) && isRented(held)) await returnMachines(held);
  }
}

function isRented({ slot, lost }: HeldSlot): boolean {
  return lost === true || slot.machines !== undefined;
}

/** By what is on record of them: it knows of machines that no trial came to tell of. */
async function returnMachines(held: HeldSlot): Promise<void> {
  const { slotId, trainers, deployments } = held.slot;
  const found = await activities.slotMachines({ slotId });
  await CancellationScope.nonCancellable(async () => {
    for (const id of found.trainers) await machines.releaseTrainer({ trainerId: id });
    for (const id of found.deployments) await machines.releaseDeployment({ deploymentId: id, onFinish: 'delete' });
  });
  delete held.lost;
  const slot: Slot = {
    slotId,
    trainers: Math.max(trainers, found.planned.trainers),
    deployments: Math.max(deployments, found.planned.deployments),
  };
  held.slot = slot;
}

/** What reuse came to, once everything is returned. */
export function sparedText({ spared }: SweepState): string | undefined {
  if (spared === undefined) return undefined;
  const { rented, rentedMs, taken, takenMs, costPerHour } = spared;
  const savedHours = rented === 0 ? 0 : Math.max(0, (taken * (rentedMs / rented) - takenMs) / 3_600_000);
  const money = costPerHour === 0 ? '' : `, ${(savedHours * costPerHour).toFixed(2)} at the prices of the experiment`;
  return `machines were made ready for ${rented} trials and taken over by ${taken}: about ${(savedHours * 60).toFixed(1)} minutes of provisioning saved${money}`;
}
