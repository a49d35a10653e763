/** A trial as a person reads it: which faults, and what they changed. Pure. */
import Table from 'cli-table3';
import type { Comparison } from './compare.ts';
import { FAULT_KINDS } from './faults.ts';
import type { Trial } from './trial.ts';

const PLAIN = { style: { head: [], border: [] } };

export function describeTrial(trial: Trial, comparisons: readonly Comparison[]): string {
  const faults = new Table({ ...PLAIN, head: ['fault', 'times'] });
  const { done } = trial.adversary;
  for (const kind of FAULT_KINDS) if (done.has(kind)) faults.push([kind, String(done.get(kind))]);
  faults.push(['all', String(faultsDone(trial))]);

  const table = new Table({ ...PLAIN, head: ['undisturbed against disturbed', 'result', ''], wordWrap: true });
  for (const { name, equal, detail } of comparisons) table.push([name, equal ? 'equal' : 'DIFFERENT', detail]);

  const times = (trial.disturbedSeconds / trial.undisturbedSeconds).toFixed(1);
  return [
    faults.toString(),
    table.toString(),
    `${trial.undisturbedSeconds.toFixed(0)} s undisturbed, ${trial.disturbedSeconds.toFixed(0)} s disturbed (${times} times); ` +
      `${trial.rewinds.length} rewinds, ${trial.stepsRepeated} steps trained again`,
  ].join('\n');
}

export function faultsDone({ adversary }: Trial): number {
  return [...adversary.done.values()].reduce((sum, times) => sum + times, 0);
}
