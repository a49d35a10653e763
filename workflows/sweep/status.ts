/** What a sweep says of itself. */
import type { SweepReport, SweepStatus } from '../../domain/words/sweep-workflow.ts';
import type { Sweep } from './state.ts';

export function sweepReport({ input, state }: Sweep): SweepReport {
  const { outcome, reason, proposed, best, winner, promotion } = state;
  return {
    sweepId: input.sweepId,
    outcome,
    reason,
    trials: proposed,
    ...(best !== undefined && { best }),
    ...(winner !== undefined && { winner }),
    ...(promotion !== undefined && { promotion }),
  };
}

export function sweepStatus(sweep: Sweep): SweepStatus {
  const { wanted, concurrency, running, live, waiting } = sweep.state;
  const late = new Set(live.filter((trial) => trial.late === true).map(({ number }) => number));
  return {
    ...sweepReport(sweep),
    wanted: wanted === Number.MAX_SAFE_INTEGER ? sweep.state.proposed : wanted,
    concurrency,
    running: running.map(({ number, runId }) => ({ number, runId, late: late.has(number) })),
    waiting: waiting.map(({ number, run }) => ({ number, runId: run.runId })),
  };
}
