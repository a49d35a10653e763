/** Workflows of a schedule whose runs only wait: firings and orders are the real ones. */
import { ApplicationFailure, sleep } from '@temporalio/workflow';
import type { RunInput } from '../../domain/words/run.ts';

export { firing } from '../../workflows/schedule/firing.ts';
export { scheduleOrder } from '../../workflows/schedule/orders.ts';

/** So many milliseconds as it has steps; one whose batch is 13 fails. */
export async function run({ spec }: RunInput): Promise<{ reason: string }> {
  await sleep(spec.train.steps);
  if (spec.train.batchSize === 13) throw ApplicationFailure.nonRetryable('thirteen rows a batch');
  return { reason: `began with ${spec.train.startFrom ?? 'the base model'}` };
}
