/** What a run answers and obeys while it runs. Answers never touch a backend. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { BranchesStatus, BranchScore } from '../../domain/words/branches.ts';
import type { BudgetChange, SetAnswer, SetRequest } from '../../domain/words/live-changes.ts';
import type { AliasRequest, PromotionDecision } from '../../domain/words/promotion.ts';
import type { ProofResult } from '../../domain/words/proof.ts';
import type { Probe } from '../../domain/words/serving.ts';
import type { RunStatus } from '../../domain/words/run.ts';
import type {
  SweepChange,
  SweepStatus,
  TrialEnded,
  TrialScored,
  TrialWord,
} from '../../domain/words/sweep-workflow.ts';

export const statusQuery = defineQuery<RunStatus>('status');

/**
 * Stop in good order: finish the window, take and evaluate a final checkpoint, release. A signal, not an update,
 * because nobody has to wait for it and it must reach a run whose worker is down.
 */
export const stopSignal = defineSignal<[{ reason: string }]>('stop');

/** Save the state and return the machines at the end of the window; the run and its id stay. */
export const pauseSignal = defineSignal('pause');

/** Rent again, and go on exactly where the run was. */
export const resumeSignal = defineSignal('resume');

/** Changes the experiment of a run that goes on. An update, since whoever asks must hear whether it can be, and from when. */
export const setUpdate = defineUpdate<SetAnswer, [SetRequest]>('set');

/** Other limits from now on. A signal, as whoever is about to run out may not have a worker to answer. */
export const budgetSignal = defineSignal<[BudgetChange]>('budget');

/** What a bisection has looked at so far. */
export const probesQuery = defineQuery<readonly Probe[]>('probes');

/** What becomes of several branches of a run. */
export const branchesStatusQuery = defineQuery<BranchesStatus>('status');

/** A branch on trial to the workflow that will choose. */
export const branchEvaluatedSignal = defineSignal<[{ runId: string; score: BranchScore }]>('branchEvaluated');

/** Asks an alias for a promotion, or to undo one. Sent with a start: nobody waits at an alias that nothing is asked of. */
export const aliasRequestSignal = defineSignal<[AliasRequest]>('aliasRequest');

/** Approves or rejects a promotion that awaits it. */
export const promotionDecisionSignal = defineSignal<[PromotionDecision]>('promotionDecision');

/** A proof to its run: what came of it. A signal, as the run may have continued as new since it began the proof. */
export const proofEndedSignal = defineSignal<[{ number: number; result: ProofResult }]>('proofEnded');

/** A trial to its sweep: what a checkpoint scored; and that its run is over. */
export const trialScoredSignal = defineSignal<[TrialScored]>('trialScored');
export const trialEndedSignal = defineSignal<[TrialEnded]>('trialEnded');

/** A sweep to its trial: what it makes of a score. */
export const trialWordSignal = defineSignal<[TrialWord]>('trialWord');

/** What becomes of a sweep. */
export const sweepStatusQuery = defineQuery<SweepStatus>('status');

/** More trials, or another number of them at a time. */
export const sweepChangeSignal = defineSignal<[SweepChange]>('sweepChange');
