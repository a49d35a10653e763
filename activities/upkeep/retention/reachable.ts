/** Which checkpoints of a run something leads to, and what: the last, the best, and whatever others depend on. Pure. */
import { branchPoint, judgedEvaluations } from '../../../domain/decide/policy-scores.ts';
import { chainTo } from '../../../domain/decide/snapshot-chain.ts';
import type { Checkpoint } from '../../../domain/words/checkpoint.ts';
import type { CheckpointReport } from '../../../domain/words/run.ts';
import type { RunSpec } from '../../../domain/spec/spec.ts';

/** Something outside the run that leads to one of its checkpoints. */
export interface Tie {
  readonly runId: string;
  readonly checkpoint: string;
  readonly reason: string;
}

export interface RunToKeep {
  readonly runId: string;
  /** Why all of it stays; absent: it is over, and nobody works with it. */
  readonly busy?: string;
  readonly policy: RunSpec['policy'];
  /** In order. */
  readonly rows: readonly CheckpointReport[];
}

/** By checkpoint, every reason to keep it; one that is not there is unreachable. */
export function reachable(run: RunToKeep, ties: readonly Tie[]): Map<string, readonly string[]> {
  const { runId, rows } = run;
  const checkpoints = rows.map(({ checkpoint }) => checkpoint);
  const reasons = new Map<string, string[]>();
  const keep = ({ name }: Checkpoint, reason: string): void => {
    const known = reasons.get(name);
    if (known === undefined) reasons.set(name, [reason]);
    else if (!known.includes(reason)) known.push(reason);
  };
  if (run.busy !== undefined) for (const checkpoint of checkpoints) keep(checkpoint, run.busy);
  for (const { checkpoint, reason } of landmarks(run)) keep(checkpoint, reason);
  for (const tie of ties) {
    const found = checkpoints.find(({ name }) => tie.runId === runId && name === tie.checkpoint);
    if (found !== undefined) keep(found, tie.reason);
  }
  const named = [...reasons.keys()];
  for (const name of named) {
    const chain = chainTo(runId, checkpoints, name);
    if (chain.kind === 'none') continue;
    for (const ancestor of chain.snapshots.slice(0, -1)) keep(ancestor, `${name} is a delta on it`);
  }
  return reasons;
}

/** What every run keeps of itself. */
function landmarks({ policy, rows }: RunToKeep): { checkpoint: Checkpoint; reason: string }[] {
  // By the suite that the policy judges.
  const best = branchPoint(policy, judgedEvaluations(policy, rows));
  const named = [
    { row: rows.find(({ evaluation }) => evaluation !== undefined), reason: 'the baseline of all comparisons' },
    {
      row: rows.find(({ checkpoint }) => checkpoint.name === best),
      reason: 'the best of its run',
    },
    { row: rows.at(-1), reason: 'the last of its run' },
  ];
  return named.flatMap(({ row, reason }) => (row === undefined ? [] : [{ checkpoint: row.checkpoint, reason }]));
}
