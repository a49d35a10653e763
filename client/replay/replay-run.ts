/** `pawl replay`: what another policy would have made of a recorded run. Needs the store, and nothing else. */
import type { StoreReader } from '../../store/index.ts';
import type { LiveChange } from '../../domain/words/live-changes.ts';
import type { RunOutcome } from '../../domain/words/run.ts';
import type { Used } from '../../domain/decide/budget.ts';
import { plannedSteps, recordedOutcome } from '../runs/run-view.ts';
import { replayPolicy, type Replayed, type Rules } from './replay-policy.ts';
import { usedAt } from './used-at.ts';

export interface PolicyReplay extends Rules, Replayed {
  readonly runId: string;
  readonly outcome: RunOutcome;
  /** Why the run ended. */
  readonly reason?: string;
  /** What was set while it ran: what is replayed was trained with it. */
  readonly changes: readonly LiveChange[];
  /** Between the end that the rules make and the last recorded step. Absent: they make none. */
  readonly saved?: Used & { readonly steps: number };
}

/** By the run's own policy and budget, unless others are given. */
export async function replayRun(reader: StoreReader, runId: string, given?: Rules): Promise<PolicyReplay> {
  const run = await reader.getRun(runId);
  const [changes, steps, checkpoints, leases] = await Promise.all([
    reader.specChanges(runId),
    reader.stepNumbers(runId),
    reader.checkpointReports(runId),
    reader.leases(runId),
  ]);
  const { spec, reason, plan } = run;
  const { policy, budget } = given ?? spec;
  const at = usedAt({ steps, checkpoints, leases, costPerHour: plan?.costPerHour ?? 0 });
  const recorded = {
    spec,
    plan: plan ?? {},
    plannedSteps: plannedSteps(run).steps ?? Infinity,
    steps,
    checkpoints,
    usedAt: at,
  };
  const replayed = replayPolicy(recorded, { policy, budget });
  const { end, lastStep } = replayed;
  return {
    runId,
    outcome: recordedOutcome(run),
    ...(reason !== undefined && reason !== '' && { reason }),
    policy,
    budget,
    changes,
    ...replayed,
    ...(end !== undefined && { saved: { steps: lastStep - end.step, ...difference(at(lastStep), at(end.step)) } }),
  };
}

function difference(all: Used, used: Used): Used {
  return { hours: all.hours - used.hours, cost: all.cost - used.cost, tokens: all.tokens - used.tokens };
}
