/** Every machine that a run ever planned, one by one, as the store is to know it. Pure. */
import { deploymentId, trainerId } from '../../domain/words/names.ts';
import type { MachinesOfRun } from '../../domain/words/run.ts';
import type { AccountedLease } from '../../store/index.ts';
import { NEVER_CREATED } from './release.ts';

export function machinesOfRun(runId: string, machines: MachinesOfRun): AccountedLease[] {
  const { namedAfter = runId, trainers, deployments, returned, kept } = machines;
  const trainer = { kind: 'trainer', held: machines.trainerId, word: returned?.trainerState, kept: false } as const;
  const deployment = {
    kind: 'deployment',
    held: machines.deploymentId,
    word: returned?.deploymentState,
    kept: kept === true,
  } as const;
  return [
    ...idsOf(trainers, (lease) => trainerId(namedAfter, lease)).map((id, at) =>
      standing(trainer, id, at === trainers - 1),
    ),
    ...idsOf(deployments, (lease) => deploymentId(namedAfter, lease)).map((id, at) =>
      standing(deployment, id, at === deployments - 1),
    ),
  ];
}

interface Kind {
  readonly kind: AccountedLease['kind'];
  readonly held: string | undefined;
  readonly word: string | undefined;
  readonly kept: boolean;
}

/** One that was never seen is kept open: a create of a worker that sleeps may still come, which is the reconciler's to find. */
function standing({ kind, held, word, kept }: Kind, id: string, last: boolean): AccountedLease {
  if (id === held || (last && word === NEVER_CREATED)) return { kind, id, standing: 'held' };
  if (!last || word === undefined) return { kind, id, standing: 'returned' };
  return { kind, id, standing: kept ? 'kept' : 'returned', state: word };
}

function idsOf(count: number, idOf: (lease: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => idOf(index + 1));
}
