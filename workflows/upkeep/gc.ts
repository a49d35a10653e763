/** Retention by reachability: what nothing leads to any more is removed by a worker, who alone writes. */
import { proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { GcActivities, GcInput, GcReport } from '../../domain/words/gc.ts';

/** Somebody waits for the answer. */
const OPTIONS: ActivityOptions = {
  heartbeatTimeout: '5s',
  startToCloseTimeout: '1h',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: 5 },
};

const { collectGarbage } = proxyActivities<GcActivities>(OPTIONS);

export async function gc(input: GcInput): Promise<GcReport> {
  return collectGarbage(input);
}
