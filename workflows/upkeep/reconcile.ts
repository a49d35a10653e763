/**
 * The reconciler: a run that was terminated cannot release what it rented, so this compares the leases with who holds them and
 * retires what nobody will. It knows of leases only: what pawl did not create it never sees.
 */
import { isCancellation, log, patched, proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { Orphan, ReconcileActivities, ReconcileInput, ReconcileReport } from '../../domain/words/reconcile.ts';
import { rootMessage } from '../failures.ts';
import { scheduleActivities } from '../schedule/activities.ts';

/** What does not succeed soon is reported, and tried again by the next reconciliation. */
const OPTIONS: ActivityOptions = {
  heartbeatTimeout: '5s',
  startToCloseTimeout: '5m',
  scheduleToCloseTimeout: '15m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 5 },
};

const { findOrphans, retireOrphan } = proxyActivities<ReconcileActivities>(OPTIONS);

export async function reconcile({ dryRun }: ReconcileInput): Promise<ReconcileReport> {
  if (!dryRun && patched('schedules are looked after')) await lookAfterSchedules();
  const search = await findOrphans();
  const results = dryRun ? [] : await Promise.all(search.orphans.map(retire));
  return {
    dryRun,
    ...search,
    retired: results.flatMap(({ orphan, state }) => (state === undefined ? [] : [{ ...orphan, state }])),
    failed: results.flatMap(({ orphan, reason }) => (reason === undefined ? [] : [{ ...orphan, reason }])),
  };
}

/** What did not fire is written down as often as anybody looks around; that it cannot be keeps nothing rented. */
async function lookAfterSchedules(): Promise<void> {
  try {
    await scheduleActivities.auditSchedules();
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn(`schedules could not be looked after: ${rootMessage(error)}`);
  }
}

/** One that cannot be retired does not keep the others rented. */
async function retire(orphan: Orphan): Promise<{ orphan: Orphan; state?: string | undefined; reason?: string }> {
  try {
    return { orphan, state: await retireOrphan(orphan) };
  } catch (error) {
    return { orphan, reason: rootMessage(error) };
  }
}
