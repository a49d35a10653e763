/**
 * The winner of a sweep, where its file asks for one: the best are evaluated again, on prompts that no trial was chosen by,
 * each on a deployment that is rented for it and returned; and the best of these is put before the gate of its promotion.
 */
import { CancellationScope, condition, executeChild, isCancellation } from '@temporalio/workflow';
import { winnerOf, type AskedAgain } from '../../domain/decide/winner.ts';
import { isSettled, promotionId, type Gate, type PromotionRequest } from '../../domain/words/promotion.ts';
import { APPRAISE_WORKFLOW_TYPE } from '../../domain/words/serving.ts';
import type { Finalist, Winner } from '../../domain/words/sweep-winner.ts';
import { rootMessage } from '../failures.ts';
import { promotionActivities } from '../promotion/promotion-activities.ts';
import type { appraise } from '../serving/appraise.ts';
import { sweepActivities as activities } from './activities.ts';
import type { Sweep } from './state.ts';

/** How soon, and at most how seldom, a promotion is looked at; and for how long, before it is left to its alias. */
const FIRST_LOOK_MS = 1_000;
const SELDOM_LOOK_MS = 10 * 60_000;
const WAIT_MS = 48 * 3_600_000;

/** One that was stopped, by a person or by its budget, asks nobody again and promotes nothing. */
export async function chooseWinner(sweep: Sweep): Promise<void> {
  const { input, state } = sweep;
  const { confirm, promote } = input.spec;
  if (confirm === undefined && promote === undefined) return;
  if (state.stop !== undefined) return note(sweep, 'unchosen', `no winner is chosen: ${state.stop}`);
  state.outcome = 'choosing';
  const finalists = await activities.findFinalists({ sweep: input, ...(state.confirm && { confirm: state.confirm }) });
  const [first] = finalists;
  if (first === undefined) return note(sweep, 'unchosen', 'no winner is chosen: no trial has a checkpoint to choose');
  const chosen = confirm === undefined ? winnerOfFirst(first) : await askAgain(sweep, finalists);
  if (chosen === undefined) return note(sweep, 'unchosen', `no winner is chosen: ${whyNot(sweep)}`);
  state.winner = chosen;
  if (promote !== undefined && state.stop === undefined) await putBeforeGate(sweep, promote, { chosen, finalists });
}

function winnerOfFirst(finalist: Finalist): Winner {
  const { appraisal: _, ...first } = finalist;
  return first;
}

function whyNot({ state }: Sweep): string {
  return state.stop ?? 'none of the best could be asked again';
}

/** As many at a time as there may be trials. All are waited for, whatever became of one: each returns what it rented. */
async function askAgain({ input, state }: Sweep, finalists: readonly Finalist[]): Promise<Winner | undefined> {
  const left = [...finalists];
  const asked: AskedAgain[] = [];
  const one = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined && state.stop === undefined; next = left.shift()) {
      asked.push(await ask(input.sweepId, next));
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(state.concurrency, left.length) }, one));
  const failed = ended.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  return asked.length < finalists.length ? undefined : winnerOf(state.goal, asked);
}

async function ask(sweepId: string, finalist: Finalist): Promise<AskedAgain> {
  const { appraisal, number, checkpoint, step } = finalist;
  if (appraisal === undefined) return { finalist };
  try {
    const { evaluation } = await executeChild<typeof appraise>(APPRAISE_WORKFLOW_TYPE, {
      workflowId: appraisal.appraisalId,
      // Whatever ends the sweep, a deployment is returned.
      parentClosePolicy: 'REQUEST_CANCEL',
      args: [appraisal],
    });
    const { id, score, low, high, prompts } = evaluation;
    const scored = { checkpoint, step, evaluation: id, score, low, high, ...(prompts !== undefined && { prompts }) };
    await activities.recordConfirmation({ sweepId, number, confirmation: { kind: 'scored', scored } });
    return { finalist, confirmed: scored };
  } catch (error) {
    // Somebody may have ended the appraisal alone.
    if (isCancellation(error) && CancellationScope.current().consideredCancelled) throw error;
    const reason = rootMessage(error);
    await activities.recordConfirmation({
      sweepId,
      number,
      confirmation: { kind: 'failed', checkpoint, step, reason },
    });
    return { finalist };
  }
}

interface Choice {
  readonly chosen: Winner;
  readonly finalists: readonly Finalist[];
}

/** As `pawl promote` does; until it is settled, or waits for a person. */
async function putBeforeGate({ input, state }: Sweep, gate: Gate, choice: Choice): Promise<void> {
  const request = requestOf({ input, state }, gate, choice);
  await promotionActivities.requestPromotion(request);
  const beganMs = Date.now();
  for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(2 * waitMs, SELDOM_LOOK_MS)) {
    const promotion = await activities.lookPromotion({ promotionId: request.id, alias: gate.alias });
    state.promotion = promotion;
    if (isSettled(promotion.state) || promotion.state === 'awaiting-approval') return;
    if (state.stop !== undefined || Date.now() - beganMs > WAIT_MS) return;
    await condition(() => state.stop !== undefined, waitMs);
  }
}

/** Its id follows from the sweep's: asked again, it is the same request. */
function requestOf({ input, state }: Sweep, gate: Gate, { chosen, finalists }: Choice): PromotionRequest {
  const { runId, checkpoint, confirmed } = chosen;
  const asked = finalists.find(({ number }) => number === chosen.number)?.appraisal?.suite;
  return {
    kind: 'promote',
    id: promotionId(gate.alias, input.hex),
    gate,
    subject: { runId, checkpoint },
    askedBy: input.sweepId,
    askedAt: new Date(Date.now()).toISOString(),
    ...(confirmed !== undefined &&
      asked !== undefined && {
        confirmed: { suite: state.suite, direction: state.goal, evaluation: confirmed.evaluation, asked },
      }),
  };
}

async function note({ input: { sweepId } }: Sweep, key: string, message: string): Promise<void> {
  await activities.noteSweep({ sweepId, key, message });
}
