/**
 * What is changed of an experiment while its run goes on. It takes effect behind a saved state and nowhere else: whatever
 * is trained again after a rewind is trained with what it was trained with, and a branch of any checkpoint can repeat it.
 */
import { ApplicationFailure } from '@temporalio/workflow';
import { judgeSettings, takeEffect, withAsked, type Changeable } from '../../domain/decide/live-changes.ts';
import { judgeBudget, speaksOfBudget } from '../../domain/decide/budget.ts';
import type { BudgetChange, SetAnswer, SetRequest } from '../../domain/words/live-changes.ts';
import { record } from './recording.ts';
import { used, type LiveRun, type Run } from './state.ts';

/** Before it is accepted, and so before it is part of the history. */
export function refuseSet(run: Run, { settings }: SetRequest): void {
  const judged = judgeSettings(changeable(run), settings);
  if ('refusal' in judged) throw ApplicationFailure.nonRetryable(judged.refusal, 'InvalidRequest');
}

export function answerSet(run: Run, { settings, by }: SetRequest): SetAnswer {
  const judged = judgeSettings(changeable(run), settings);
  if ('refusal' in judged) throw ApplicationFailure.nonRetryable(judged.refusal, 'InvalidRequest');
  const { changes, atLatest } = judged;
  const askedAt = new Date(Date.now()).toISOString();
  const asked = withAsked(
    run.state.asked ?? [],
    changes.map((change) => ({ ...change, by, askedAt })),
  );
  if (asked.length > 0) run.state.asked = asked;
  return { changes, atLatest };
}

/** From now on, whatever the run is doing; one that is about to end for its budget goes on. */
export function changeBudget({ input, state }: Run, change: BudgetChange): void {
  const { maxCost = input.spec.budget.maxCost, maxHours = input.spec.budget.maxHours } = change;
  const { spec } = input;
  spec.budget = {
    ...spec.budget,
    ...(maxCost !== undefined && { maxCost }),
    ...(maxHours !== undefined && { maxHours }),
  };
  state.budgetChanges = [...(state.budgetChanges ?? []), change];
  const { stop, standing } = state;
  const isEnding = standing === 'finishing' || standing === 'ended';
  if (stop === undefined || isEnding || !speaksOfBudget(stop.reason)) return;
  if (judgeBudget(spec.budget, used(state, Date.now())) === undefined) delete state.stop;
}

/** To be called between windows: does nothing but behind a saved state. */
export async function applyAsked(live: LiveRun): Promise<void> {
  const { input, state } = live;
  if (state.asked === undefined || state.restore?.step !== state.step) return;
  const { changes = [], asked } = state;
  delete state.asked;
  const taken = takeEffect({ spec: input.spec, changes }, asked, state.step);
  if (taken.length === 0) return;
  state.changes = [...changes, ...taken];
  await record(live, { changes: taken });
}

function changeable({ input, state }: Run): Changeable {
  const { changes = [], asked = [], standing, stop, step } = state;
  return { runId: input.runId, spec: input.spec, changes, asked, standing, stops: stop !== undefined, step };
}
