/** Verdicts: what the proof of a checkpoint means for the run, by its policy. */
import { bestOf, withEvaluation } from '../../domain/decide/course.ts';
import { decideOn } from '../../domain/decide/policy.ts';
import type { Judgement } from '../../domain/decide/policy-rules.ts';
import { judgedEvaluations } from '../../domain/decide/policy-scores.ts';
import type { Checkpoint } from '../../domain/words/checkpoint.ts';
import { MAIN_SUITE } from '../../domain/words/names.ts';
import type { ProofResult } from '../../domain/words/proof.ts';
import type { CheckpointReport, Verdict } from '../../domain/words/run.ts';
import { dueSuites } from '../../domain/words/suites.ts';
import { tellCoordinator } from './coordination.ts';
import { failureOf, proofResult, startProof } from './proofs.ts';
import { record } from './recording.ts';
import { noteCheckpoint, type LiveRun, type Run, type Stop } from './state.ts';
import { tellSweep } from './trial.ts';

type Proved = Extract<ProofResult, { kind: 'proved' }>;

/** Proves a checkpoint while training goes on: what is saved already is all there is to prove. */
export async function proveBeside(live: LiveRun, checkpoint: Checkpoint): Promise<void> {
  await startProof(live, checkpoint, { suites: suitesDue(live, checkpoint, false), attempts: 3, beside: true });
}

/** The main suite, and the further ones whose turn it is; all of them at the baseline and at the end. */
export function suitesDue({ input, state, plan }: LiveRun, { step }: Checkpoint, final: boolean): readonly string[] {
  const { evaluate, train, checkpoint } = input.spec;
  const all = state.evaluated === undefined || final || step >= train.steps;
  return [MAIN_SUITE, ...dueSuites(evaluate, plan, { step, checkpointEvery: checkpoint.every, all })];
}

/** The verdict that is due on the checkpoint proved beside training, if there is one; whatever the run must answer to is thrown. */
export async function judgeLast(run: Run): Promise<void> {
  const ended = await proofResult(run);
  if (ended === undefined) return;
  const { proof, result } = ended;
  await judge(run, proof.checkpoint, result);
  if (result.kind === 'failed') throw failureOf(result);
}

/** The verdict on a checkpoint: what its evaluation says by the policy, unless it was told already. */
export async function judge(run: Run, checkpoint: Checkpoint, result: ProofResult, told?: Verdict): Promise<void> {
  const { input, state } = run;
  const { policy } = input.spec;
  state.phase = 'decide';
  const bestBefore = state.best;
  const report = noteCheckpoint(state, checkpoint, result.kind === 'proved' ? scoresOf(result) : {});
  if (result.kind === 'proved') {
    const [evaluation] = judgedEvaluations(policy, [report]);
    if (evaluation !== undefined) state.course = withEvaluation(policy, state.course, evaluation);
  }
  const judgement = told ?? decideProof(run, checkpoint, result);
  const verdict: Verdict = { kind: judgement.kind, reason: judgement.reason };
  const judged = noteCheckpoint(state, checkpoint, { verdict });
  if (bestOf(policy, state.course)?.checkpoint === checkpoint.name) state.best = judged;
  await record(run, { verdict: { ...verdict, checkpoint: checkpoint.name, ...divergence(judgement) } });
  if (result.kind === 'proved') await tellCoordinator(run, checkpoint);
  if (verdict.kind === 'stop' || verdict.kind === 'branch') state.stop ??= stopOf(judgement, judged, bestBefore);
  await tellSweep(run, judged, { last: isLast(run, checkpoint) });
}

function divergence(judgement: Verdict | Judgement): { diverged?: true } {
  return 'diverged' in judgement && judgement.diverged ? { diverged: true } : {};
}

/** Whether no later checkpoint of this run will be scored. */
function isLast({ input, state }: Run, { step }: Checkpoint): boolean {
  return state.stop !== undefined || step >= input.spec.train.steps;
}

function decideProof({ input: { spec }, state }: Run, checkpoint: Checkpoint, result: ProofResult): Judgement {
  if (result.kind !== 'proved') return { kind: 'inconclusive', reason: `not evaluated: ${result.reason}` };
  const { policy, train } = spec;
  return decideOn({ policy, course: state.course, checkpoint, steps: train.steps });
}

function stopOf(
  { kind, reason, diverged, keep }: Judgement,
  judged: CheckpointReport,
  best: CheckpointReport | undefined,
): Stop {
  const kept = keep !== undefined && keep === best?.checkpoint.name ? best : judged;
  const stop = { reason, diverged: diverged === true, keep: kept };
  return kind === 'branch' ? { ...stop, branch: true } : stop;
}

/** What a report keeps of a proof. */
export function scoresOf({ evaluation, suites }: Proved): Partial<CheckpointReport> {
  return { ...(evaluation !== undefined && { evaluation }), ...(suites.length > 0 && { suites }) };
}
