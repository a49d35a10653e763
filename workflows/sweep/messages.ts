/** What a sweep is told by people, and by its trials. */
import { setHandler } from '@temporalio/workflow';
import {
  pauseSignal,
  resumeSignal,
  stopSignal,
  sweepChangeSignal,
  sweepStatusQuery,
  trialEndedSignal,
  trialScoredSignal,
} from '../run/messages.ts';
import type { TrialEnded, TrialScored } from '../../domain/words/sweep-workflow.ts';
import type { Sweep, SweepState } from './state.ts';
import { freeSlot } from './slots.ts';
import { sweepStatus } from './status.ts';

export function answerMessages(sweep: Sweep): void {
  const { state } = sweep;
  setHandler(sweepStatusQuery, () => sweepStatus(sweep));
  setHandler(trialScoredSignal, (scored) => hearScore(state, scored, Date.now()));
  setHandler(trialEndedSignal, (ended) => hearEnd(state, ended));
  setHandler(stopSignal, ({ reason }) => {
    state.stop ??= reason;
  });
  setHandler(pauseSignal, () => {
    state.pauseRequested = true;
  });
  setHandler(resumeSignal, () => {
    state.pauseRequested = false;
  });
  setHandler(sweepChangeSignal, (change) => {
    const { trials, concurrency, budget } = change;
    const { spec } = sweep.input;
    spec.budget = { ...spec.budget, ...budget };
    state.changes = [...state.changes, change];
    state.wanted = trials ?? state.wanted;
    state.concurrency = concurrency ?? state.concurrency;
    // More trials than a search had points for, or another space: it is asked again.
    if (trials !== undefined || change.parameters !== undefined) delete state.exhausted;
  });
}

/** A step that is told again, after a rewind, was heard already. */
function hearScore(state: SweepState, { number, ...told }: TrialScored, nowMs: number): void {
  for (const run of state.running) if (run.number === number) run.heardMs = nowMs;
  state.live = state.live.map((trial) => {
    const newest = trial.told.at(-1)?.step ?? trial.heardStep;
    if (trial.number !== number || told.step <= newest) return trial;
    const { late: _, ...punctual } = trial;
    return { ...punctual, told: [...trial.told, told] };
  });
}

export function hearEnd(state: SweepState, ended: TrialEnded): void {
  const { number } = ended;
  if (!state.running.some((run) => run.number === number)) return;
  state.running = state.running.filter((run) => run.number !== number);
  state.ended = [...state.ended, ended];
  freeSlot(state, ended);
  state.live = state.live.map((trial) => (trial.number === number ? { ...trial, ended } : trial));
}
