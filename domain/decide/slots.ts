/** Which machines of a sweep a trial may take over. Pure. */
import type { RunSpec } from '../spec/spec.ts';

/** All that machines are made by: trials of the same kind may take over from each other. */
export function machineKind({ model, deployment }: Pick<RunSpec, 'model' | 'deployment'>): string {
  const { shape, base, lora } = model;
  return JSON.stringify([shape, base ?? null, lora?.rank ?? 0, deployment.replicas]);
}

interface Held {
  readonly kind: string;
  readonly number?: number;
}

export type Place =
  | { readonly use: 'free'; readonly index: number }
  | { readonly use: 'new' }
  /** Whose machines are returned first. */
  | { readonly use: 'other'; readonly index: number };

/** A free slot of the trial's kind; else a new one, as long as there may be more; else one of another kind. */
export function placeFor(kind: string, slots: readonly Held[], most: number): Place {
  const free = slots.findIndex((slot) => slot.number === undefined && slot.kind === kind);
  if (free >= 0) return { use: 'free', index: free };
  const other = slots.findIndex(({ number }) => number === undefined);
  return slots.length < most || other < 0 ? { use: 'new' } : { use: 'other', index: other };
}
