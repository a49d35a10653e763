/**
 * Writing facts down: where the run is goes with every one of them. A store that does not answer holds up nothing but
 * steps: what it did not take is written with the next facts, and at the end by a workflow that has the time. One that was
 * lost under the run, or replaced by an older copy, is told again whatever the run holds.
 */
import { CancellationScope, isCancellation, log, sleep, workflowInfo } from '@temporalio/workflow';
import { activities } from '../activities.ts';
import { budgetShares } from '../../domain/decide/budget-share.ts';
import { rootMessage } from '../failures.ts';
import type { CheckpointReport, MachinesOfRun, RecordMark, RunFacts, RunRecord } from '../../domain/words/run.ts';
import { used, type Run, type RunState } from './state.ts';

/** A store that is busy answers within this; one that is away is not waited for. */
const PATIENCE_MS = 20_000;

/** More than a run finds out while its store is away: steps need the store themselves. */
const MOST_UNRECORDED = 100;

/** Half of a budget. */
const WORTH_TELLING = 0.5;

type Facts = Omit<RunRecord, 'runId' | 'phase' | 'step' | 'generation' | 'mark' | 'machines' | 'spent'>;

/** Says whether everything is written down. */
export async function record(run: Run, facts: Facts = {}, patienceMs = PATIENCE_MS): Promise<boolean> {
  const { state } = run;
  const { phase, step, generation, unrecorded } = state;
  const spent = budgetShares(run.input.spec.budget, used(state, Date.now()), WORTH_TELLING);
  const where = {
    runId: run.input.runId,
    phase,
    step,
    generation,
    machines: machinesOf(run),
    ...(spent.length > 0 && { spent }),
  };
  const { budgetChanges } = state;
  delete state.budgetChanges;
  const budgets = budgetChanges === undefined ? {} : { budgetChanges };
  const waiting = [...unrecorded, { ...where, ...evidenceOf(state, facts), ...budgets, ...facts }];
  while (waiting.length > 0) {
    const [first] = waiting;
    if (first !== undefined && !(await within(patienceMs, () => write(run, first)))) break;
    waiting.shift();
  }
  state.unrecorded = waiting.slice(-MOST_UNRECORDED);
  return waiting.length === 0;
}

/** What a verdict rests on goes with it: a power cut may have undone what was recorded just before. */
function evidenceOf(state: RunState, { verdict }: Facts): Pick<RunRecord, 'evaluations'> {
  if (verdict === undefined) return {};
  const report = kept(state).find(({ checkpoint }) => checkpoint.name === verdict.checkpoint);
  const found = [report?.evaluation, ...(report?.suites ?? [])].filter((evaluation) => evaluation !== undefined);
  return found.length === 0 ? {} : { evaluations: found };
}

async function write(run: Run, facts: RunRecord): Promise<void> {
  const { records } = run.state;
  const mark = { seq: ++records.asked, acknowledged: records.acknowledged };
  const { missing } = await activities.record({ ...facts, mark });
  if (missing) await activities.restoreRecord(factsOf(run, mark.seq));
  records.acknowledged = Math.max(records.acknowledged, mark.seq);
}

/** All that the run holds, and how far the store has it: for whoever writes down what is left. */
export function heldBy(run: Run): { readonly held: RunFacts; readonly mark: RecordMark } {
  const { asked, acknowledged } = run.state.records;
  return { held: factsOf(run, asked), mark: { seq: asked, acknowledged } };
}

function factsOf({ input, state }: Run, seq: number): RunFacts {
  const { phase, step, generation, outcome, reason, plan, complete, trainerId, deploymentId } = state;
  return {
    run: input,
    startedAt: workflowInfo().runStartTime.toISOString(),
    phase,
    step,
    generation,
    outcome,
    reason,
    mark: { seq, acknowledged: seq },
    checkpoints: kept(state),
    rewinds: [],
    machines: machinesOf({ input, state }),
    ...(state.changes !== undefined && { changes: state.changes }),
    ...(plan !== undefined && { plan }),
    // What was returned stays returned.
    ...(!complete && trainerId !== undefined && { trainerId }),
    ...(!complete && deploymentId !== undefined && { deploymentId }),
  };
}

/** With every record: one of an older copy, or of a store that was away, may lack a lease that no record is about. */
function machinesOf({ input, state }: Run): MachinesOfRun {
  const { trainers, deployments, left, release, kept } = state;
  // What was left to the next trial is rented still.
  const { trainerId = left?.trainerId, deploymentId = left?.target.deploymentId } = state;
  const namedAfter = input.sweep?.slot?.slotId;
  return {
    ...(namedAfter !== undefined && { namedAfter }),
    trainers,
    deployments,
    ...(trainerId !== undefined && { trainerId }),
    ...(deploymentId !== undefined && { deploymentId }),
    ...(trainers + deployments > 0 && { returned: release }),
    ...(kept === true && { kept }),
  };
}

/** A run carries the checkpoints that something depends on, in the order of their steps. */
function kept({ last, evaluated, best, stop }: RunState): CheckpointReport[] {
  const reports = [best, evaluated, stop?.keep, last].filter((report) => report !== undefined);
  const byName = new Map(reports.map((report) => [report.checkpoint.name, report]));
  return [...byName.values()].sort((one, other) => one.checkpoint.step - other.checkpoint.step);
}

/** Whether it was done in time; what was not is given up, and may be done all the same. */
async function within(patienceMs: number, work: () => Promise<void>): Promise<boolean> {
  const scope = new CancellationScope();
  const watch = new CancellationScope();
  const done = scope.run(work).then(
    () => true,
    (error: unknown) => {
      if (isCancellation(error) && !scope.consideredCancelled) throw error;
      if (!isCancellation(error))
        log.warn('facts of the run were not written down yet', { reason: rootMessage(error) });
      return false;
    },
  );
  const late = watch
    .run(() => sleep(patienceMs))
    .then(
      () => scope.cancel(),
      () => undefined,
    );
  try {
    return await done;
  } finally {
    watch.cancel();
    await late;
  }
}
