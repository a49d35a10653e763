/** Fields that may change while a run goes on, and an experiment with the changes that its run has seen. Pure. */
import type { LiveChange } from '../words/live-changes.ts';
import type { RunSpec } from './spec.ts';
import { ALIASES } from './spec-changes.ts';

const LEARNING_RATE = 'train.optimizer.learningRate';

/** Whatever else is changed makes another run: a branch. */
const LIVE_FIELDS: readonly string[] = [LEARNING_RATE];

/** The field's whole path, where it is one that may change. */
export function liveField(name: string): string | undefined {
  const path = ALIASES[name] ?? name;
  return LIVE_FIELDS.includes(path) ? path : undefined;
}

/** What is wrong with a value for a field that may change; undefined: nothing. */
export function wrongLiveValue(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return undefined;
  return `expected a number greater than 0, got ${JSON.stringify(value)}`;
}

/** A run's experiment as it is trained: a function of what was submitted and of the recorded changes, in their order. */
export function withLiveChanges(spec: RunSpec, changes: readonly LiveChange[]): RunSpec {
  return changes.length === 0 ? spec : { ...spec, train: trainedWith(spec.train, changes) };
}

export function trainedWith(train: RunSpec['train'], changes: readonly LiveChange[]): RunSpec['train'] {
  if (changes.length === 0) return train;
  const added = changes.flatMap(({ path, after, fromStep }) =>
    path === LEARNING_RATE && typeof after === 'number' ? [{ fromStep, learningRate: after }] : [],
  );
  // A change takes back what the experiment itself, or its parent, had said of the steps behind it.
  const first = added[0]?.fromStep ?? Infinity;
  const before = (train.rateChanges ?? []).filter(({ fromStep }) => fromStep < first);
  return { ...train, rateChanges: [...before, ...added] };
}

/** The peak of a step's rate, which the schedule multiplies. */
export function peakRate(train: Pick<RunSpec['train'], 'optimizer' | 'rateChanges'>, step: number): number {
  const change = train.rateChanges?.findLast(({ fromStep }) => fromStep <= step);
  return change?.learningRate ?? train.optimizer.learningRate;
}
