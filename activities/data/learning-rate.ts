/** The learning rate of a step: a pure function of the spec. */
import { peakRate } from '../../domain/spec/live-settings.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';

/**
 * Step counts from 1. The rate rises in equal parts over the warm-up, whose last step has the peak (without warm-up
 * step 1 has it), then falls along the schedule to `finalFraction` of the peak at the last step. `wsd` (warm-up, stable,
 * decay) keeps the peak until the last `decayFraction` of all steps begins. A peak that was changed on the way
 * (`rateChanges`) is multiplied by the same schedule.
 */
export function learningRate(
  train: Pick<RunSpec['train'], 'steps' | 'optimizer' | 'rateChanges' | 'schedule'>,
  step: number,
): number {
  const { kind, warmupSteps, finalFraction, decayFraction = DEFAULT_DECAY_FRACTION } = train.schedule;
  const peak = peakRate(train, step);
  if (step <= warmupSteps) return (peak * step) / warmupSteps;
  const peakStep = Math.max(1, warmupSteps);
  const lastPeak = kind === 'wsd' ? Math.max(peakStep, Math.round(train.steps * (1 - decayFraction))) : peakStep;
  const progress = train.steps > lastPeak ? Math.min(1, (step - lastPeak) / (train.steps - lastPeak)) : 0;
  return peak * SHAPES[kind](Math.max(0, progress), finalFraction);
}

const DEFAULT_DECAY_FRACTION = 0.2;
const linear = (progress: number, final: number): number => 1 - (1 - final) * progress;

/** Fraction of the peak, from 1 at progress 0 to `final` at progress 1. */
const SHAPES: Record<RunSpec['train']['schedule']['kind'], (progress: number, final: number) => number> = {
  constant: () => 1,
  linear,
  wsd: linear,
  cosine: (progress, final) => final + ((1 - final) * (1 + Math.cos(Math.PI * progress))) / 2,
};
