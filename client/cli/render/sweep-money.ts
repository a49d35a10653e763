/** What a sweep came to so far, what is left of its budget, and about how long it still takes. Pure. */
import type { SweepDetails } from '../../sweeps/sweeps.ts';
import { durationText } from './format.ts';

const HOUR_S = 3_600;

export function rentedText({ trials, experiment }: SweepDetails): string {
  const { hours, cost } = spent(trials);
  return `rented ${durationText(hours * HOUR_S)}${cost === 0 ? '' : `, ${cost.toFixed(2)} ${experiment.prices.currency}`}`;
}

/** While it runs. */
export function leftLines(sweep: SweepDetails): string[] {
  const { status, spec, trials, experiment } = sweep;
  if (status === undefined) return [];
  const { hours, cost } = spent(trials);
  const { maxCost, maxHours } = spec.budget;
  const left = [
    ...(maxCost === undefined
      ? []
      : [`${Math.max(0, maxCost - cost).toFixed(2)} of ${maxCost.toFixed(2)} ${experiment.prices.currency}`]),
    ...(maxHours === undefined
      ? []
      : [`${durationText(Math.max(0, maxHours - hours) * HOUR_S)} of ${durationText(maxHours * HOUR_S)}`]),
  ];
  const toGo = aboutToGo(sweep);
  return [
    ...(left.length === 0 ? [] : [`left of the budget: ${left.join(', ')}`]),
    ...(toGo === undefined ? [] : [`about ${durationText(toGo)} to go, as long as its trials have taken so far`]),
  ];
}

function spent(trials: SweepDetails['trials']): { hours: number; cost: number } {
  return {
    hours: trials.reduce((sum, trial) => sum + trial.hours, 0),
    cost: trials.reduce((sum, trial) => sum + trial.cost, 0),
  };
}

/** In seconds: those that are left, each as long as the mean of those that are over, so many at a time. */
function aboutToGo({ status, trials }: SweepDetails): number | undefined {
  const over = trials.filter(({ runOutcome }) => runOutcome !== undefined);
  if (status === undefined || over.length === 0) return undefined;
  const mean = spent(over).hours / over.length;
  const begun = trials.filter(({ runOutcome }) => runOutcome === undefined);
  const unbegun = Math.max(0, status.wanted - trials.length);
  const work = begun.reduce((sum, { hours }) => sum + Math.max(0, mean - hours), 0) + unbegun * mean;
  return (work * HOUR_S) / Math.max(1, status.concurrency);
}
