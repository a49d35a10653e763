/** The list of runs: those that are chosen among the newest, with what each reached, took and came to. */
import type { StoreReader, StoredRun } from '../../store/index.ts';
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { NotFoundError, UnreachableError, messageOf } from '../errors.ts';
import type { TemporalLink } from '../temporal/temporal-link.ts';
import { chosen, type RunChoice } from './run-choice.ts';
import { factsOf } from './run-facts.ts';
import { mergeRuns } from './run-list.ts';
import type { RunSummary } from './run-view.ts';

interface Ports {
  readonly reader: StoreReader | undefined;
  readonly temporal: Pick<TemporalLink, 'list'>;
}

/** Among so many of the newest is chosen; a choice by score has to ask each of them for it. */
const SEARCHED = 1_000;

/** Where a page of the list ended. */
export interface RunPlace {
  readonly createdAt: string;
  readonly runId: string;
}

/** Newest first, unless they are sorted. Without Temporal: as far as it was recorded, and `stale` says why. */
export async function listRuns(
  { reader, temporal }: Ports,
  { limit, choice, after }: { limit: number; choice: RunChoice; after?: RunPlace },
): Promise<{ runs: readonly RunSummary[]; stale?: string }> {
  // Among those that are chosen a place is where its run stands; in the order of time it can be asked for.
  if (isChoosing(choice)) {
    const { runs, stale } = await newest({ reader, temporal }, Math.max(limit, SEARCHED));
    const found = chosen(runs, choice);
    const from = after === undefined ? 0 : placeIn(found, after);
    return { runs: found.slice(from, from + limit), ...(stale !== undefined && { stale }) };
  }
  return newest({ reader, temporal }, limit, after);
}

function isChoosing({ sort, where = [], tags = [] }: RunChoice): boolean {
  return sort !== undefined || where.length > 0 || tags.length > 0;
}

/** So many behind a place in the order of time. */
async function newest(
  { reader, temporal }: Ports,
  limit: number,
  before?: RunPlace,
): Promise<{ runs: readonly RunSummary[]; stale?: string }> {
  const behind = before !== undefined && { before };
  const stored = (await reader?.listRuns({ limit, ...behind })) ?? [];
  const known = before !== undefined || stored.length > 0;
  const { executions, stale } = await submitted(temporal, { limit, known, ...behind });
  const merged = mergeRuns(stored, await notBefore(reader, executions, before), limit);
  return { runs: await withFacts(reader, stored, merged), ...(stale !== undefined && { stale }) };
}

function placeIn(runs: readonly RunSummary[], { runId }: RunPlace): number {
  const at = runs.findIndex((run) => run.runId === runId);
  if (at === -1) throw new NotFoundError(`${runId} is not in this list any more.`, 'Begin with its first page.');
  return at + 1;
}

/** Without those of an earlier page: Temporal knows a run by another moment than the store does. */
async function notBefore(
  reader: StoreReader | undefined,
  executions: readonly WorkflowExecutionInfo[],
  before: RunPlace | undefined,
): Promise<readonly WorkflowExecutionInfo[]> {
  if (before === undefined || reader === undefined) return executions;
  const recorded = await reader.recordedRuns(executions.map(({ workflowId }) => workflowId));
  return executions.filter(({ workflowId: runId, startTime }) =>
    isAfter({ createdAt: recorded.get(runId) ?? startTime.toISOString(), runId }, before),
  );
}

/** Older, or as old and of a lesser id. */
function isAfter(run: RunPlace, place: RunPlace): boolean {
  const order = run.createdAt.localeCompare(place.createdAt);
  return order < 0 || (order === 0 && run.runId < place.runId);
}

async function submitted(
  temporal: Ports['temporal'],
  { limit, known, before }: { limit: number; known: boolean; before?: RunPlace },
): Promise<{ executions: Awaited<ReturnType<TemporalLink['list']>>; stale?: string }> {
  try {
    return { executions: await temporal.list({ limit, ...(before !== undefined && { until: before.createdAt }) }) };
  } catch (error) {
    if (!known || !(error instanceof UnreachableError)) throw error;
    return { executions: [], stale: messageOf(error) };
  }
}

async function withFacts(
  reader: StoreReader | undefined,
  stored: readonly StoredRun[],
  runs: readonly RunSummary[],
): Promise<readonly RunSummary[]> {
  if (reader === undefined) return runs;
  const known = new Map(stored.map((run) => [run.runId, run]));
  const records = runs.flatMap(({ runId, outcome }) => {
    const record = known.get(runId);
    return record === undefined ? [] : [{ ...record, outcome }];
  });
  const facts = await factsOf(reader, records, Date.now());
  return runs.map((run) => ({ ...run, ...facts.get(run.runId) }));
}
