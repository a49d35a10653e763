/** Which runs there are: the store knows those that a worker took, Temporal those that wait or were cut off. */
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { PawlError, type StoreReader, type StoredRun } from '../../store/index.ts';
import { UnreachableError, UserError } from '../errors.ts';
import { isOver, plannedSteps, recordedOutcome, type RunSummary } from './run-view.ts';
import { unknownRun } from './run-watch.ts';
import { outcomeOf } from '../temporal/execution.ts';
import type { TemporalLink } from '../temporal/temporal-link.ts';

/** Newest first. Temporal's list lags behind: only an end that it knows of overrules a record, and no recorded end. */
export function mergeRuns(
  stored: readonly StoredRun[],
  executions: readonly WorkflowExecutionInfo[],
  limit: number,
): RunSummary[] {
  const summaries = new Map<string, RunSummary>();
  for (const info of executions) {
    if (summaries.has(info.workflowId)) continue;
    summaries.set(info.workflowId, {
      runId: info.workflowId,
      outcome: outcomeOf(info),
      createdAt: info.startTime.toISOString(),
    });
  }
  for (const run of stored) {
    const now = summaries.get(run.runId)?.outcome;
    summaries.set(run.runId, {
      runId: run.runId,
      outcome: now !== undefined && isOver(now) && !isOver(run.outcome) ? now : recordedOutcome(run),
      createdAt: run.createdAt,
      phase: run.phase,
      step: run.step,
      ...plannedSteps(run),
      spec: run.spec,
      ...(run.reason !== undefined && { reason: run.reason }),
    });
  }
  const newest = (a: RunSummary, b: RunSummary): number =>
    b.createdAt.localeCompare(a.createdAt) || Number(b.runId > a.runId) - Number(b.runId < a.runId);
  return [...summaries.values()].sort(newest).slice(0, limit);
}

/** The run that was submitted last. */
const NEWEST = '@newest';

/** For the help of every command that takes a run. */
export const RUN_ARGUMENT = 'id of the run, an unambiguous beginning of it, or @newest';

/** The id behind what a person typed. Runs that no worker took yet are only known to Temporal. */
export async function resolveRun(
  reference: string,
  store: StoreReader | undefined,
  temporal: Pick<TemporalLink, 'describe' | 'list'>,
): Promise<string> {
  if (reference === NEWEST) return newestRun(store, temporal);
  if (!/^[a-z0-9-]+$/.test(reference)) {
    throw new UserError(`"${reference}" is not a run.`, 'Give an id or its beginning; `pawl list` shows them.');
  }
  const recorded = await lookUp(reference, store);
  if (typeof recorded === 'string') return recorded;
  const runId = await submitted(reference, temporal).catch((error: unknown) => {
    // A store that knows runs, and not this one, says more than a server that is silent.
    if (store === undefined || !(error instanceof UnreachableError)) throw error;
  });
  if (runId === undefined) throw recorded;
  return runId;
}

async function newestRun(store: StoreReader | undefined, temporal: Pick<TemporalLink, 'list'>): Promise<string> {
  const stored = (await store?.listRuns({ limit: 1 })) ?? [];
  const submitted = await temporal.list({ limit: 1 }).catch((error: unknown) => {
    if (stored.length === 0 || !(error instanceof UnreachableError)) throw error;
    return [];
  });
  const [newest] = mergeRuns(stored, submitted, 1);
  if (newest !== undefined) return newest.runId;
  throw new UserError('There is no run yet, so none is the newest.', 'Start one: pawl run FILE');
}

/** The run's id, or why there is none. */
async function lookUp(reference: string, store: StoreReader | undefined): Promise<string | Error> {
  if (store === undefined) return unknownRun(reference);
  try {
    return (await store.getRun(reference)).runId;
  } catch (error) {
    if (error instanceof PawlError && error.type === 'InvalidRequest') return error;
    throw error;
  }
}

async function submitted(
  reference: string,
  temporal: Pick<TemporalLink, 'describe' | 'list'>,
): Promise<string | undefined> {
  // Asked by its id first: the list lags behind a run that was submitted just now.
  if ((await temporal.describe(reference)) !== undefined) return reference;
  const found = await temporal.list({ prefix: reference, limit: 10 });
  const ids = new Set(found.map(({ workflowId }) => workflowId));
  if (ids.size > 1) {
    throw new UserError(`"${reference}" may be any of ${ids.size} runs: ${[...ids].join(', ')}.`, 'Give one id.');
  }
  return [...ids][0];
}
