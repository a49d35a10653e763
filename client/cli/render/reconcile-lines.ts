/** What the reconciler found and did, in words. Pure. */
import type { Orphan, ReconcileReport } from '../../../domain/words/reconcile.ts';
import { oneLine } from './text.ts';

export function reconcileLines({
  dryRun,
  checked,
  foreign,
  elsewhere,
  orphans,
  retired,
  failed,
}: ReconcileReport): string[] {
  const done = dryRun ? `${orphans.length} would be retired` : `${retired.length} retired`;
  return [
    `${checked === 1 ? '1 open lease' : `${checked} open leases`}, ${done}${failed.length > 0 ? `, ${failed.length} failed` : ''}`,
    ...(dryRun ? orphans.map(orphanText) : []),
    ...retired.map((orphan) => `${orphanText(orphan)}; now ${oneLine(orphan.state)}`),
    ...failed.map((orphan) => `${orphanText(orphan)}; could not be retired yet: ${oneLine(orphan.reason)}`),
    ...(foreign > 0 ? [`${foreign} more of runs in another Temporal namespace: left to its own workers`] : []),
    ...(elsewhere > 0
      ? [`${elsewhere} more at another platform or account: left to a worker there (pawl machines)`]
      : []),
  ];
}

function orphanText({ kind, id, holder, fate }: Orphan): string {
  return `${kind} ${id}: ${holder ?? 'its run'} ${fate}`;
}
