/** Where runs come from and what they lead to: runs, their checkpoints, rewinds and branches, as one tree. */
import type { StoreReader, StoredChange, StoredRewind, StoredRun } from '../../store/index.ts';
import type { TrialMark } from '../../store/rows/sweep-records.ts';
import type { BranchPoint } from '../../domain/words/branches.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { RunOutcome, Verdict } from '../../domain/words/run.ts';
import type { SnapshotType } from '../../domain/words/checkpoint.ts';
import { recordedOutcome } from '../runs/run-view.ts';

/** A checkpoint in the tree, with whatever points at it. */
export interface LineageCheckpoint {
  readonly name: string;
  readonly step: number;
  readonly generation: number;
  readonly snapshotType: SnapshotType;
  readonly identity: string;
  readonly savedAt: string;
  readonly evaluation?: Evaluation;
  readonly verdict?: Verdict;
  /** What stands for it at this moment. */
  readonly marks: readonly string[];
}

export interface LineageRun {
  readonly runId: string;
  readonly outcome: RunOutcome;
  readonly reason?: string;
  readonly createdAt: string;
  /** Of a branch. */
  readonly parent?: BranchPoint;
  /** Of a trial: of which sweep, and what it tries. */
  readonly trial?: TrialMark;
  /** In order of step, generation and saving. */
  readonly checkpoints: readonly LineageCheckpoint[];
  readonly rewinds: readonly StoredRewind[];
  /** What was set while it ran. */
  readonly changes: readonly StoredChange[];
}

/** A checkpoint's marks by its run and its name. */
export type Marks = ReadonlyMap<string, readonly string[]>;

export function markKey(runId: string, checkpoint: string): string {
  return `${runId}/${checkpoint}`;
}

/** The newest runs, or the whole family of one: its ancestors, and all that branched from any of them. Newest first. */
export async function readLineage(
  reader: StoreReader,
  wanted: { readonly runId?: string; readonly limit: number },
  marks: Marks = new Map(),
): Promise<readonly LineageRun[]> {
  const roots =
    wanted.runId === undefined
      ? await reader.listRuns({ limit: wanted.limit })
      : [await rootOf(reader, await reader.getRun(wanted.runId))];
  const family = new Map<string, StoredRun>(roots.map((run) => [run.runId, run]));
  if (wanted.runId !== undefined) for (const root of roots) await addBranches(reader, root, family);
  const runs = [...family.values()].sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  const trials = await reader.trialsOfRuns(runs.map(({ runId }) => runId));
  return Promise.all(
    runs.map(async (run) => {
      const trial = trials.get(run.runId);
      return { ...(await readRun(reader, run, marks)), ...(trial !== undefined && { trial }) };
    }),
  );
}

async function rootOf(reader: StoreReader, run: StoredRun): Promise<StoredRun> {
  return run.parent === undefined ? run : rootOf(reader, await reader.getRun(run.parent.runId));
}

async function addBranches(reader: StoreReader, run: StoredRun, family: Map<string, StoredRun>): Promise<void> {
  for (const branch of await reader.branchesOf(run.runId)) {
    family.set(branch.runId, branch);
    await addBranches(reader, branch, family);
  }
}

async function readRun(reader: StoreReader, run: StoredRun, marks: Marks): Promise<LineageRun> {
  const { runId, reason, createdAt, parent } = run;
  const [rows, rewinds, changes] = await Promise.all([
    reader.checkpointReports(runId),
    reader.rewinds(runId),
    reader.specChanges(runId),
  ]);
  const checkpoints = rows.map(({ checkpoint, savedAt, evaluation, verdict }) => ({
    name: checkpoint.name,
    step: checkpoint.step,
    generation: checkpoint.generation,
    snapshotType: checkpoint.snapshotType,
    identity: checkpoint.identity,
    savedAt,
    ...(evaluation !== undefined && { evaluation }),
    ...(verdict !== undefined && { verdict }),
    marks: marks.get(markKey(runId, checkpoint.name)) ?? [],
  }));
  return {
    runId,
    outcome: recordedOutcome(run),
    ...(reason !== undefined && reason !== '' && { reason }),
    createdAt,
    ...(parent !== undefined && { parent }),
    checkpoints,
    rewinds,
    changes,
  };
}
