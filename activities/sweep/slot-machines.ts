/** Machines that trials rented for a slot, whoever of them did. */
import type { SweepActivities } from '../../domain/words/sweep-workflow.ts';
import type { StoredLease } from '../../store/index.ts';

type SlotMachines = Awaited<ReturnType<SweepActivities['slotMachines']>>;

export function machinesOfSlot(leases: readonly StoredLease[]): SlotMachines {
  const of = (kind: StoredLease['kind']): readonly StoredLease[] => leases.filter((lease) => lease.kind === kind);
  const open = (kind: StoredLease['kind']): string[] =>
    of(kind)
      .filter(({ releasedAt }) => releasedAt === undefined)
      .map(({ id }) => id);
  return {
    trainers: open('trainer'),
    deployments: open('deployment'),
    planned: { trainers: of('trainer').length, deployments: of('deployment').length },
  };
}
