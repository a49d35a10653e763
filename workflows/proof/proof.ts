/**
 * A proof: a snapshot is synced and evaluated until one identity stands behind every sample. A workflow of its own, with
 * a history and retries of its own, so that its run goes on, and continues as new, however long it takes.
 */
import { CancellationScope, getExternalWorkflowHandle, isCancellation } from '@temporalio/workflow';
import { activities } from '../activities.ts';
import { RESPONSES } from '../../domain/decide/endings.ts';
import type { ProofInput, ProofResult } from '../../domain/words/proof.ts';
import type { FailureType } from '../../domain/words/run.ts';
import { failureType, rootMessage } from '../failures.ts';
import { proofEndedSignal } from '../run/messages.ts';
import { evaluateAll } from './evaluations.ts';

export async function proof(input: ProofInput): Promise<ProofResult> {
  const { runId, number } = input;
  let result: ProofResult;
  try {
    result = await prove(input);
  } catch (error) {
    // The run gave it up, or is over: nobody waits for it.
    if (isCancellation(error) || CancellationScope.current().consideredCancelled) throw error;
    result = resultOf(error);
  }
  // The run may have continued as new since it began this: whichever execution is there now is told.
  await getExternalWorkflowHandle(runId)
    .signal(proofEndedSignal, { number, result })
    .catch((error: unknown) => {
      if (isCancellation(error)) throw error;
    });
  return result;
}

async function prove(input: ProofInput): Promise<ProofResult> {
  const startedMs = Date.now();
  let served = input.served;
  let reason = '';
  for (let attempt = 1; attempt <= input.attempts; attempt++) {
    try {
      if (!served) await sync(input);
    } catch (error) {
      if (failureType(error) !== 'SyncFailed') throw error;
      reason = rootMessage(error);
      // Nobody knows what a failed load left behind, and a delta fits one identity only.
      if (input.checkpoint.snapshotType === 'delta') break;
      continue;
    }
    const outcome = await evaluateAll(input, attempt);
    if (outcome.kind === 'scored') {
      return { ...outcome, kind: 'proved', seconds: (Date.now() - startedMs) / 1000 };
    }
    reason = outcome.reason;
    served = false;
  }
  return { kind: 'unproved', reason };
}

async function sync({ runId, connection, target, checkpoint }: ProofInput): Promise<void> {
  const { identity, previousIdentity } = checkpoint;
  const previous = previousIdentity === undefined ? {} : { previousIdentity };
  const result = await activities.syncSnapshot({ connection, target, identity, ...previous });
  await activities.recordSync({ runId, checkpoint, sync: result });
}

/** What the run has no answer to but its end is, for a proof, no reason to end it: training may go on. */
function resultOf(error: unknown): ProofResult {
  const type = failureType(error);
  const reason = rootMessage(error);
  if (type === undefined || RESPONSES[type as FailureType] === 'end') return { kind: 'unproved', reason };
  return { kind: 'failed', type, reason };
}
