/** What another rule had made of a sweep. Pure. */
import { changeText } from '../../../domain/spec/spec-changes.ts';
import type { SweepReplay } from '../../sweeps/replay-sweep.ts';
import { share } from './format.ts';
import { oneLine } from './text.ts';

export function sweepReplayLines({ sweepId, changes, trials, steps, savedSteps }: SweepReplay): string[] {
  const unknown = trials.filter((trial) => trial.unknown);
  return [
    `${sweepId} ${changes.length === 0 ? 'by its own rules' : `with ${changes.map(changeText).join(', ')}`}`,
    ...trials.map(({ number, stopped, savedSteps: saved }) => {
      if (stopped === undefined) return `trial ${number}: not stopped`;
      return oneLine(`trial ${number}: stopped ${stopped.reason}${saved > 0 ? `; ${saved} steps saved` : ''}`);
    }),
    '',
    `${savedSteps} of ${steps} steps (${share(savedSteps, steps)}) would not have been trained`,
    ...(unknown.length === 0
      ? []
      : [
          `${unknown.length} would have gone on where they were stopped in fact (${unknown.map(({ number }) => number).join(', ')}): what they would have scored nobody knows`,
        ]),
  ];
}
