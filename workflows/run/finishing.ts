/** Finishing: the result of a run is a base snapshot, evaluated on every suite, for deltas cannot be promoted. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { Checkpoint } from '../../domain/words/checkpoint.ts';
import { finalCheckpointName } from '../../domain/words/names.ts';
import type { ProofResult } from '../../domain/words/proof.ts';
import type { CheckpointReport } from '../../domain/words/run.ts';
import { GivenUp, interruptNow, unlessInterrupted } from './attention.ts';
import { goBackTo, saveAgain, saveAnew, saveCheckpoint } from './checkpoints.ts';
import { judge, scoresOf, suitesDue } from './judging.ts';
import { failureOf, proofResult, startProof } from './proofs.ts';
import { record } from './recording.ts';
import { noteCheckpoint, type LiveRun, type Run, type RunState } from './state.ts';

/** How often a checkpoint is synced and evaluated before the run gives up on it. */
const MAX_PROOFS = 3;

/** Somebody who asked for an end waits no longer than this for a last evaluation that hangs. */
const REQUESTED_END_MS = 10 * 60_000;

type Proved = Extract<ProofResult, { kind: 'proved' }>;

/** Ends the run in good order; where that takes longer than its budget or whoever asked can wait, with what there is. */
export async function conclude(live: LiveRun): Promise<void> {
  const { state } = live;
  state.standing = 'finishing';
  state.phase = 'finish';
  if (state.stop?.early === true) return endWithEvaluated(live);
  const limitMs = state.stop?.requested === true ? REQUESTED_END_MS : undefined;
  const expectedMs = state.proofMs === undefined ? undefined : state.proofMs + (state.saveMs ?? 0);
  try {
    await unlessInterrupted(live, 'the last evaluation', () => finish(live), { expectedMs, limitMs });
  } catch (error) {
    if (!(error instanceof GivenUp)) throw error;
    endWithEvaluated(live, error.message);
  }
  state.complete = true;
}

/** Nothing is rented or asked any more: what was evaluated last is the result, and what it leaves out is said. */
export function endWithEvaluated({ state }: Run, why?: string): void {
  const { stop, evaluated } = state;
  const kept = stop?.keep ?? evaluated;
  const left = state.step - (kept?.checkpoint.step ?? state.step);
  const notes = [
    ...(why === undefined ? [] : [why]),
    ...(left > 0 ? [`the last ${left} steps were not evaluated`] : []),
  ];
  state.reason = [stop?.reason ?? '', ...notes].filter((part) => part !== '').join('; ');
  if (kept !== undefined) state.result = kept.checkpoint.name;
  state.complete = true;
}

async function finish(live: LiveRun): Promise<void> {
  const { state } = live;
  const { stop } = state;
  let result = resultOf(state);
  if (result === undefined) {
    const saved = await saveCheckpoint(live, { final: true });
    const { checkpoint, proved } = await proveOrFail(live, saved, suitesDue(live, saved, true));
    await judge(live, checkpoint, proved, { kind: 'stop', reason: stop?.reason ?? '' });
    result = state.last ?? { checkpoint };
  }
  state.reason = stop?.reason ?? '';
  state.result = result.checkpoint.name;
  if (result.checkpoint.snapshotType === 'base') {
    await completeSuites(live, result);
    return;
  }
  if (result.checkpoint.step !== state.step || stop?.diverged === true) await goBackTo(live, result.checkpoint);
  const anew = await saveAnew(live, { final: true, name: finalCheckpointName(state.step, state.generation) });
  // The same weights.
  const { validation } = result.checkpoint;
  const saved = { ...anew, ...(validation !== undefined && { validation }) };
  noteCheckpoint(state, saved);
  await record(live, { checkpoint: saved });
  const { checkpoint, proved } = await proveOrFail(live, saved, suitesDue(live, saved, true));
  const verdict = { kind: 'stop' as const, reason: `the base of ${result.checkpoint.name}, evaluated` };
  noteCheckpoint(state, checkpoint, { ...scoresOf(proved), verdict });
  await record(live, { verdict: { ...verdict, checkpoint: checkpoint.name } });
  state.result = checkpoint.name;
}

/** The checkpoint that the run stands or falls with; none if the weights as they stand are still to be evaluated. */
function resultOf({ stop, evaluated, step }: RunState): CheckpointReport | undefined {
  if (stop?.keep !== undefined) return stop.keep;
  return stop?.diverged === true || evaluated?.checkpoint.step === step ? evaluated : undefined;
}

/** For a checkpoint that nothing can be postponed for: again and again, each time as a new base. */
export async function proveOrFail(
  live: LiveRun,
  saved: Checkpoint,
  suites: readonly string[],
): Promise<{ checkpoint: Checkpoint; proved: Proved }> {
  let checkpoint = saved;
  let reason = '';
  for (let attempt = 1; attempt <= MAX_PROOFS; attempt++) {
    if (attempt > 1) checkpoint = await saveAgain(live, saved, false);
    await startProof(live, checkpoint, { suites, attempts: 1, beside: false });
    const result = (await proofResult(live))?.result;
    if (result?.kind === 'proved') return { checkpoint, proved: result };
    if (result?.kind === 'failed') throw failureOf(result);
    reason = result?.reason ?? reason;
    const interrupt = interruptNow(live);
    if (interrupt !== undefined) throw new GivenUp(interrupt, 'an evaluation');
  }
  throw ApplicationFailure.nonRetryable(
    `checkpoint ${checkpoint.name} could not be evaluated in ${MAX_PROOFS} attempts: ${reason}`,
    'SyncFailed',
  );
}

/**
 * The result of a run has a score of every suite: those that were not due when it was proved are asked now. What cannot
 * be had is missing; the result stands on its main suite.
 */
async function completeSuites(live: LiveRun, result: CheckpointReport): Promise<void> {
  const { state, plan } = live;
  const known = result.suites ?? [];
  const left = (plan.suites ?? []).map(({ name }) => name).filter((name) => known.every(({ suite }) => suite !== name));
  if (left.length === 0) return;
  const { checkpoint } = result;
  const served = state.chain.confirmed === checkpoint.identity;
  await startProof(live, checkpoint, { suites: left, attempts: MAX_PROOFS, beside: false, served });
  const ended = await proofResult(live);
  if (ended?.result.kind === 'failed') throw failureOf(ended.result);
  if (ended?.result.kind !== 'proved') return;
  noteCheckpoint(state, checkpoint, { ...result, suites: [...known, ...ended.result.suites] });
}
