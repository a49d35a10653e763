/**
 * The tree of runs, newest first, as `git log --graph` draws one: a run is a column, its checkpoints are points on it, and
 * a branch is a column to the right that joins the checkpoint it began at. Pure.
 */
import type { StoredChange, StoredRewind } from '../../../store/index.ts';
import type { LineageCheckpoint, LineageRun } from '../../lineage/lineage.ts';

/** One line of the graph: how many columns pass by on its left, and what is on it. */
export type GraphRow =
  | { readonly kind: 'run'; readonly depth: number; readonly run: LineageRun }
  | { readonly kind: 'checkpoint'; readonly depth: number; readonly at: LineageCheckpoint }
  | { readonly kind: 'rewind'; readonly depth: number; readonly rewind: StoredRewind }
  | { readonly kind: 'change'; readonly depth: number; readonly change: StoredChange }
  /** What its trials came from. */
  | { readonly kind: 'sweep'; readonly depth: number; readonly sweepId: string }
  /** The column to the right ends here: it began at the checkpoint, or the sweep, below. */
  | { readonly kind: 'join'; readonly depth: number }
  /** Between two families. */
  | { readonly kind: 'gap'; readonly depth: 0 };

/** Runs are given newest first; one whose parent is not among them begins a family of its own. */
export function layOut(runs: readonly LineageRun[]): GraphRow[] {
  const points = new Set(runs.flatMap(({ runId, checkpoints }) => checkpoints.map(({ name }) => `${runId}/${name}`)));
  const roots = runs.filter(
    ({ parent }) => parent === undefined || !points.has(`${parent.runId}/${parent.checkpoint}`),
  );
  return familiesOf(roots).flatMap((family, index): GraphRow[] => [
    ...(index === 0 ? [] : [{ kind: 'gap', depth: 0 } as const]),
    ...familyRows(family, runs),
  ]);
}

/** Trials of a sweep are one family, where the newest of them stands. */
function familiesOf(roots: readonly LineageRun[]): LineageRun[][] {
  const families = new Map<string, LineageRun[]>();
  for (const root of roots) {
    const key = root.trial === undefined ? `run ${root.runId}` : `sweep ${root.trial.sweepId}`;
    families.set(key, [...(families.get(key) ?? []), root]);
  }
  return [...families.values()];
}

function familyRows(family: readonly LineageRun[], runs: readonly LineageRun[]): GraphRow[] {
  const sweepId = family[0]?.trial?.sweepId;
  if (sweepId === undefined) return family.flatMap((root) => rowsOf(root, 0, runs));
  const trials = family.flatMap((root): GraphRow[] => [...rowsOf(root, 1, runs), { kind: 'join', depth: 0 }]);
  return [...trials, { kind: 'sweep', depth: 0, sweepId }];
}

function rowsOf(run: LineageRun, depth: number, runs: readonly LineageRun[]): GraphRow[] {
  const rewound = run.rewinds.map((rewind) => ({
    time: rewind.recordedAt,
    rows: [{ kind: 'rewind', depth, rewind } as const],
  }));
  const set = run.changes.map((change) => ({
    time: change.recordedAt,
    rows: [{ kind: 'change', depth, change } as const],
  }));
  const saved = run.checkpoints.map((at) => ({ time: at.savedAt, rows: pointRows(run, at, depth, runs) }));
  const newestFirst = [...saved, ...rewound, ...set].reverse().sort((a, b) => b.time.localeCompare(a.time));
  return [{ kind: 'run', depth, run }, ...newestFirst.flatMap(({ rows }) => rows)];
}

/** What began here is newer, and so above. */
function pointRows(run: LineageRun, at: LineageCheckpoint, depth: number, runs: readonly LineageRun[]): GraphRow[] {
  const begun = runs.filter(({ parent }) => parent?.runId === run.runId && parent.checkpoint === at.name);
  const branches = begun.flatMap((branch): GraphRow[] => [...rowsOf(branch, depth + 1, runs), { kind: 'join', depth }]);
  return [...branches, { kind: 'checkpoint', depth, at }];
}
