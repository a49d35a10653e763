/** The list of runs: those that are chosen among the newest, with what each reached, took and came to. */
import type { StoreReader, StoredRun } from '../../store/index.ts';
import { UnreachableError, messageOf } from '../errors.ts';
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

/** Newest first, unless they are sorted. Without Temporal: as far as it was recorded, and `stale` says why. */
export async function listRuns(
  { reader, temporal }: Ports,
  { limit, choice }: { limit: number; choice: RunChoice },
): Promise<{ runs: readonly RunSummary[]; stale?: string }> {
  const choosing = choice.sort !== undefined || [...(choice.where ?? []), ...(choice.tags ?? [])].length > 0;
  const searched = choosing ? Math.max(limit, SEARCHED) : limit;
  const stored = (await reader?.listRuns({ limit: searched })) ?? [];
  const { executions, stale } = await submitted(temporal, { limit: searched, known: stored.length > 0 });
  const told = await withFacts(reader, stored, mergeRuns(stored, executions, searched));
  return { runs: chosen(told, choice).slice(0, limit), ...(stale !== undefined && { stale }) };
}

async function submitted(
  temporal: Ports['temporal'],
  { limit, known }: { limit: number; known: boolean },
): Promise<{ executions: Awaited<ReturnType<TemporalLink['list']>>; stale?: string }> {
  try {
    return { executions: await temporal.list({ limit }) };
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
