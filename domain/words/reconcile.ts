/** What the reconciler is asked, what it does, what it says. */

export const RECONCILE_WORKFLOW_TYPE = 'reconcile';

/** One schedule for all workers of a task queue. */
export function reconcileScheduleId(taskQueue: string): string {
  return `pawl-reconcile-${taskQueue}`;
}

export interface ReconcileInput {
  /** Look, and say what would be retired. */
  readonly dryRun: boolean;
}

/** A lease that nobody will end: who holds it is over, and has been for longer than the grace period. */
export interface Orphan {
  readonly kind: 'trainer' | 'deployment';
  readonly id: string;
  readonly runId: string;
  /** The workflow that should have returned it, where that is not the run. */
  readonly holder?: string;
  readonly plannedAt: string;
  /** What became of the run, or of its holder, e.g. `was terminated at 2026-11-23T16:30:00.000Z`. */
  readonly fate: string;
}

interface OrphanSearch {
  /** Open leases that were compared with who holds them. */
  readonly checked: number;
  /** Open leases of runs in other Temporal namespaces: somebody else's to judge. */
  readonly foreign: number;
  /** Open leases of another platform or account: left to a worker there. */
  readonly elsewhere: number;
  readonly orphans: readonly Orphan[];
}

export interface ReconcileReport extends OrphanSearch {
  readonly dryRun: boolean;
  /** With the platform's last word on each. */
  readonly retired: readonly (Orphan & { readonly state: string })[];
  /** Tried again the next time. */
  readonly failed: readonly (Orphan & { readonly reason: string })[];
}

/** Every side effect of reconciling. Each may be executed again, also at the same time, and then changes nothing more. */
export interface ReconcileActivities {
  findOrphans(): Promise<OrphanSearch>;
  /** Deletes it and returns the platform's last word; undefined: it is no orphan (any more), and was left alone. */
  retireOrphan(orphan: Orphan): Promise<string | undefined>;
}
