/** A run of so many executions, and nothing else. */
import { condition, continueAsNew } from '@temporalio/workflow';

export async function run(executions: number): Promise<void> {
  if (executions > 1) await continueAsNew<typeof run>(executions - 1);
  await condition(() => false);
}
