/** What to tell of a run between two looks at it. Pure. */
import type { StoredCheckpoint } from '../../store/index.ts';
import { isOver, type RunResult, type RunView, type Waiting } from './run-view.ts';

export type RunChange =
  /** Anything moved: phase, step, score, cost. */
  | { readonly kind: 'progress'; readonly view: RunView }
  /** A checkpoint was judged: saved, synced, evaluated. */
  | { readonly kind: 'checkpoint'; readonly checkpoint: StoredCheckpoint }
  /** The run stands still and will go on by itself, or once somebody helps. */
  | { readonly kind: 'waiting'; readonly waiting: Waiting }
  /** The last one. */
  | { readonly kind: 'end'; readonly result: RunResult };

/** `judged`: the checkpoints that were judged since. */
export function changesBetween(
  before: RunView | undefined,
  after: RunView,
  judged: readonly StoredCheckpoint[] = [],
): RunChange[] {
  const changes: RunChange[] = judged.map((checkpoint) => ({ kind: 'checkpoint', checkpoint }));
  const { waiting } = after;
  if (waiting !== undefined && !same(waiting, before?.waiting)) changes.push({ kind: 'waiting', waiting });
  if (!same(momentOf(after), momentOf(before))) changes.push({ kind: 'progress', view: after });
  return changes;
}

export function resultOf({ runId, outcome, reason }: RunView): RunResult | undefined {
  return isOver(outcome) ? { runId, outcome, reason: reason ?? '' } : undefined;
}

function momentOf(view: RunView | undefined): unknown {
  return view && [view.outcome, view.status, view.latest?.step, view.stored?.phase, view.stored?.step, view.waiting];
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
