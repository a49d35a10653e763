/**
 * One alias, and everything that is asked of it, one after the other: gate, approval, the platform's promotion, and the
 * alias stands for another champion. It ends when nothing is left to do, and begins again with the next request.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  executeChild,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { appraise } from '../serving/appraise.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import { rootMessage } from '../failures.ts';
import { aliasRequestSignal, promotionDecisionSignal } from '../run/messages.ts';
import { promoteCheckpoint, promotionActivities as activities } from './promotion-activities.ts';
import {
  isSettled,
  type AliasRequest,
  type ExaminedSuite,
  type PromotionDecision,
  type PromotionFacts,
  type PromotionRequest,
  type PromotionState,
  type SuiteComparison,
} from '../../domain/words/promotion.ts';
import { answerOf, deadlineOf } from '../../domain/decide/approval.ts';
import { judgeGate } from '../../domain/decide/promotion-gate.ts';
import { APPRAISE_WORKFLOW_TYPE, type AppraisalInput } from '../../domain/words/serving.ts';

/** Keeps the history short, however busy an alias is. */
const MAX_REQUESTS = 50;

/** A request is seldom alone, and who is here answers sooner. */
const IDLE = '10s';

export async function promotions(alias: string, waiting: readonly AliasRequest[] = []): Promise<void> {
  const queue = [...waiting];
  const known = new Set(queue.map(({ id }) => id));
  const decisions = new Map<string, PromotionDecision>();
  let busy = false;
  let begun = waiting.length > 0;

  setHandler(aliasRequestSignal, async (request) => {
    if (known.has(request.id)) return;
    known.add(request.id);
    queue.push(request);
    if (request.kind !== 'promote' || (!busy && queue.length === 1)) return;
    // Who has to wait is seen to wait; but first it is told apart from what was left behind.
    await condition(() => begun);
    await activities.openPromotion(request);
  });
  setHandler(promotionDecisionSignal, (decision) => {
    if (!decisions.has(decision.promotionId)) decisions.set(decision.promotionId, decision);
  });

  if (!begun) {
    const beganAt = workflowInfo().startTime.toISOString();
    await activities.failAbandoned({ alias, beganAt, asked: [...known] });
    begun = true;
  }
  for (let handled = 0; await condition(() => queue.length > 0, IDLE); handled++) {
    if (handled === MAX_REQUESTS) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof promotions>(alias, queue);
    }
    busy = true;
    await handle(queue.shift(), decisions);
    busy = false;
  }
  await condition(allHandlersFinished);
}

/** What cannot be done is recorded, and the next one has its turn. */
async function handle(
  request: AliasRequest | undefined,
  decisions: ReadonlyMap<string, PromotionDecision>,
): Promise<void> {
  if (request === undefined) return;
  if (request.kind === 'undo') {
    await activities.undoPromotion(request);
    return;
  }
  try {
    await promote(request, decisions);
  } catch (error) {
    const reason = isCancellation(error) ? 'cancelled' : rootMessage(error);
    await CancellationScope.nonCancellable(() => note(request, 'failed', { reason }));
    if (isCancellation(error)) throw error;
  }
}

async function promote(request: PromotionRequest, decisions: ReadonlyMap<string, PromotionDecision>): Promise<void> {
  const { gate } = request;
  if (isSettled(await activities.openPromotion(request))) return;
  await note(request, 'evaluating');
  const examined = await activities.examineCandidate(request);
  if (examined.kind === 'refused') {
    await note(request, 'refused', { ...examined.facts, reason: examined.reason });
    return;
  }
  const { checkpoint, against, championBefore, suites, order } = examined;
  const comparisons = await compare(suites);
  const verdict = judgeGate({ against, margin: gate.margin, comparisons });
  const { identity, step } = checkpoint;
  const facts = { identity, step, comparisons, reason: verdict.reason, ...(championBefore && { championBefore }) };
  if (!verdict.passed) {
    await note(request, 'refused', facts);
    return;
  }
  if (gate.approval) {
    const question = { askedMs: Date.now(), expiresHours: gate.expiresHours };
    await note(request, 'awaiting-approval', facts);
    if (!(await approved(request, question, decisions))) return;
  }
  await note(request, 'promoting', { ...facts, model: order.model });
  await promoteCheckpoint(order);
  await note(request, 'promoted');
}

async function compare(suites: readonly ExaminedSuite[]): Promise<SuiteComparison[]> {
  const comparisons: SuiteComparison[] = [];
  for (const { reference, ...suite } of suites) {
    const rival = reference.kind === 'evaluated' ? reference.evaluation : await evaluated(reference.appraisal);
    comparisons.push(await activities.compareEvaluations({ ...suite, reference: rival }));
  }
  return comparisons;
}

/** Asks the champion what the candidate was asked, on a deployment that is rented for it. */
async function evaluated(appraisal: AppraisalInput): Promise<Evaluation> {
  const { appraisalId } = appraisal;
  const { evaluation } = await executeChild<typeof appraise>(APPRAISE_WORKFLOW_TYPE, {
    workflowId: appraisalId,
    args: [appraisal],
  });
  return evaluation;
}

/** Waits for what a person says, or for nobody having said anything in time; either is recorded. */
async function approved(
  request: PromotionRequest,
  question: { askedMs: number; expiresHours: number },
  decisions: ReadonlyMap<string, PromotionDecision>,
): Promise<boolean> {
  const { id } = request;
  await condition(() => decisions.has(id), Math.max(1, deadlineOf(question) - Date.now()));
  const answer = answerOf(question, decisions.get(id));
  if (answer.kind === 'expired') {
    await note(request, 'expired', { reason: answer.reason });
    return false;
  }
  const { by, at, reason } = answer.decision;
  const decided = { decidedBy: by, decidedAt: at };
  if (answer.kind === 'approved') {
    await note(request, 'promoting', decided, { by, event: 'approved' });
    return true;
  }
  await note(request, 'rejected', { ...decided, reason: reason ?? `rejected by ${by}` }, { by });
  return false;
}

async function note(
  { id }: PromotionRequest,
  state: PromotionState,
  facts: PromotionFacts = {},
  told: { by?: string; event?: string } = {},
): Promise<void> {
  await activities.notePromotion({ id, state, facts, ...told });
}
