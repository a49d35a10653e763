/**
 * What a frozen model thinks of the data, for losses that compare with it: known before training begins, and never found
 * twice. A LoRA run asks the base model on its own trainer; a run that trains every weight rents a frozen trainer first,
 * and returns it before it rents its own.
 */
import { activities } from '../activities.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { ReferenceInput } from '../../domain/words/training.ts';
import { unlessInterrupted } from './attention.ts';
import { giveWay, handBack, untilTrainerRuns } from './machines.ts';
import { record } from './recording.ts';
import type { LiveRun, Run } from './state.ts';

/** The plan with what a trainer of its own was rented for, if one is needed; undefined: something came first. */
export async function referenceFirst(run: Run, plan: Plan): Promise<Plan | undefined> {
  const { input, state } = run;
  if (isKnown(plan) || input.spec.model.lora !== undefined) return plan;
  state.standing = 'waiting';
  try {
    const trainerId = await untilTrainerRuns(run, plan, { frozen: true });
    delete state.waitsFor;
    const pinned = await scored(run, { plan, trainerId });
    await handBack(run, 'delete');
    return pinned;
  } catch (error) {
    await giveWay(run, error);
    return undefined;
  }
}

/** The run with what the base model on its own trainer was asked for, if it is not known yet. */
export async function referenceBeside(live: LiveRun): Promise<LiveRun> {
  const { plan, connection, state } = live;
  // A run that only ends trains nothing.
  if (isKnown(plan) || state.stop !== undefined) return live;
  return { ...live, plan: await scored(live, { plan, trainerId: connection.trainerId, connection }) };
}

function isKnown({ reference, validation }: Plan): boolean {
  return [reference, validation?.reference].every((one) => one === undefined || one.logprobs !== undefined);
}

/** Of what is trained on, then of what is held out. */
async function scored(run: Run, asked: Omit<ReferenceInput, 'runId'>): Promise<Plan> {
  const { input, state } = run;
  const { runId, spec } = input;
  const { lora } = spec.model;
  const model = asked.plan.startFrom === undefined || lora === undefined ? {} : { lora };
  const scoresOf = (plan: Plan): Promise<string> =>
    unlessInterrupted(run, 'scoring the reference', () =>
      activities.scoreReference({ runId, ...asked, ...model, plan }),
    );
  let { plan } = asked;
  if (plan.reference !== undefined && plan.reference.logprobs === undefined) {
    plan = { ...plan, reference: { logprobs: await scoresOf(plan) } };
    state.plan = plan;
    await record(run, { plan });
  }
  const { validation } = plan;
  if (validation?.reference !== undefined && validation.reference.logprobs === undefined) {
    const logprobs = await scoresOf({ ...plan, dataset: validation.dataset });
    plan = { ...plan, validation: { ...validation, reference: { logprobs } } };
    state.plan = plan;
    await record(run, { plan });
  }
  return plan;
}
