/** Validation: what rows that are not trained on say of the weights that a checkpoint was just saved of. */
import { activities } from '../activities.ts';
import type { Checkpoint } from '../../domain/words/checkpoint.ts';
import { unlessInterrupted } from './attention.ts';
import { takeSeq, type LiveRun } from './state.ts';

/** The checkpoint with its validation loss, where one is asked for and it is not known yet: the trainer holds its weights. */
export async function validated(live: LiveRun, checkpoint: Checkpoint): Promise<Checkpoint> {
  const { input, state, plan, connection } = live;
  if (plan.validation === undefined || checkpoint.validation !== undefined) return checkpoint;
  const sinceMs = Date.now();
  const measure = {
    runId: input.runId,
    connection,
    plan,
    train: input.spec.train,
    step: checkpoint.step,
    generation: state.generation,
    firstSeq: takeSeq(state, plan.validation.requests),
  };
  const validation = await unlessInterrupted(live, 'validation', () => activities.measureLoss(measure), {
    expectedMs: state.validationMs,
  });
  state.validationMs = Date.now() - sinceMs;
  return validation === null ? checkpoint : { ...checkpoint, validation };
}
