/** What costs money, asked of the platform by a worker, who alone has its key; and the return of one by hand. */
import { proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type {
  Machine,
  MachineActivities,
  ReleaseInput,
  ReleaseReport,
  UnknownMachine,
} from '../../domain/words/machines.ts';

/** Somebody waits for the answer. */
const OPTIONS: ActivityOptions = {
  heartbeatTimeout: '30s',
  startToCloseTimeout: '10m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: 5 },
};

const activities = proxyActivities<MachineActivities>(OPTIONS);

export async function machines({ unknown }: { unknown: boolean }): Promise<readonly (Machine | UnknownMachine)[]> {
  return unknown ? activities.findUnknown() : activities.listMachines();
}

export async function releaseMachine(input: ReleaseInput): Promise<ReleaseReport> {
  return activities.releaseMachine(input);
}
