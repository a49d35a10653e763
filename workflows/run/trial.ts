/** A run that is a trial of a sweep: it tells what its checkpoints score, and heeds what the sweep makes of it. */
import { condition, getExternalWorkflowHandle, isCancellation } from '@temporalio/workflow';
import { judgedEvaluations } from '../../domain/decide/policy-scores.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { CheckpointReport } from '../../domain/words/run.ts';
import type { ToldScore, TrialWord } from '../../domain/words/sweep-workflow.ts';
import type { TrialOf } from '../../domain/words/trial.ts';
import { GivenUp, unlessInterrupted } from './attention.ts';
import { trialEndedSignal, trialScoredSignal } from './messages.ts';
import { leftSlot } from './slot.ts';
import type { Run } from './state.ts';

/** A sweep that says nothing for so long is not waited for: the run goes on by its own policy. */
const PATIENCE = '1h';

/** Tells a score, and waits until the sweep has said what becomes of it; a stop is then in the run's state. */
export async function tellSweep(run: Run, judged: CheckpointReport, { last }: { last: boolean }): Promise<void> {
  const { sweep } = run.input;
  if (sweep === undefined || !(await tellScore(sweep, judged, last))) return;
  if (last || !sweep.judged) return;
  const { state } = run;
  const { step } = judged.checkpoint;
  const heard = (): boolean => (state.sweepWord ?? -1) >= step;
  try {
    await unlessInterrupted(run, 'the word of its sweep', async () => void (await condition(heard, PATIENCE)), {
      withoutGrace: true,
    });
  } catch (error) {
    if (!(error instanceof GivenUp)) throw error;
  }
}

/** False: nobody is there to hear it. */
async function tellScore(
  { sweepId, number, suite }: TrialOf,
  judged: CheckpointReport,
  last: boolean,
): Promise<boolean> {
  const [found] = judgedEvaluations({ suite }, [judged]);
  const { step } = judged.checkpoint;
  const told = { number, step, last, ...(found !== undefined && { score: scoreOf(found) }) };
  return toSweep(sweepId, async (handle) => handle.signal(trialScoredSignal, told));
}

function scoreOf({ checkpoint, step, score, low, high, prompts }: Evaluation): ToldScore {
  return { checkpoint, step, score, low, high, ...(prompts !== undefined && { prompts }) };
}

/** Once everything is returned. */
export async function tellSweepEnd({ input, state }: Run): Promise<void> {
  const { sweep } = input;
  const { outcome, reason, step } = state;
  if (sweep === undefined || (outcome !== 'finished' && outcome !== 'failed' && outcome !== 'cancelled')) return;
  const { number } = sweep;
  const left = leftSlot({ input, state });
  const ended = { number, outcome, reason, step, ...(left !== undefined && { left }) };
  await toSweep(sweep.sweepId, async (handle) => handle.signal(trialEndedSignal, ended));
}

/** There may be nobody left to listen. */
async function toSweep(
  sweepId: string,
  tell: (handle: ReturnType<typeof getExternalWorkflowHandle>) => Promise<void>,
): Promise<boolean> {
  try {
    await tell(getExternalWorkflowHandle(sweepId));
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return false;
  }
}

/** A stop is for the checkpoint that was judged: what was trained beyond it is not the trial's. */
export function hearSweep({ state }: Run, { step, stop }: TrialWord): void {
  state.sweepWord = Math.max(state.sweepWord ?? -1, step);
  if (stop === undefined) return;
  const keep = state.evaluated?.checkpoint.step === step ? { keep: state.evaluated } : {};
  state.stop ??= { reason: stop, diverged: false, early: true, ...keep };
}
