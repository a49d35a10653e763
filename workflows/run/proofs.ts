/** Proofs of a run: beginning one, waiting for it as long as that is worth it, and giving it up. */
import {
  ApplicationFailure,
  condition,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  startChild,
} from '@temporalio/workflow';
import { activities } from '../activities.ts';
import { snapshotConfirmed, snapshotRequested } from '../../domain/decide/chain.ts';
import type { Checkpoint } from '../../domain/words/checkpoint.ts';
import { RUN_TASK_TIMEOUT } from '../../domain/words/names.ts';
import {
  PROOF_WORKFLOW_TYPE,
  proofWorkflowId,
  type ProofInput,
  type ProofResult,
  type ProofWorkflow,
} from '../../domain/words/proof.ts';
import { rootMessage } from '../failures.ts';
import { GivenUp, unlessInterrupted } from './attention.ts';
import { continueAsNewIfLong } from './history.ts';
import type { LiveRun, Run, RunningProof } from './state.ts';

/**
 * How soon a proof that is not heard of is asked after: it may have been ended from outside. More and more seldom, for
 * one that hangs for days must not fill the history of its run.
 */
const ASK_AFTER_MS = { first: 60_000, last: 3_600_000 };

interface Wanted {
  readonly suites: readonly string[];
  readonly attempts: number;
  readonly beside: boolean;
  readonly served?: boolean;
}

/** Begins a proof; what comes of it is heard by a signal, whichever execution of the run is there then. */
export async function startProof(live: LiveRun, checkpoint: Checkpoint, wanted: Wanted): Promise<void> {
  const { input, state, plan, target, connection } = live;
  const { runId, spec } = input;
  const { suites, attempts, beside, served = false } = wanted;
  state.proofs += 1;
  const number = state.proofs;
  state.proof = { number, checkpoint, beside, sinceMs: Date.now() };
  if (!beside) state.phase = 'evaluate';
  const { evaluate, policy } = spec;
  const what: ProofInput = {
    runId,
    number,
    checkpoint,
    target,
    connection,
    plan,
    evaluate,
    policy,
    suites,
    attempts,
    served,
  };
  const child = await startChild<ProofWorkflow>(PROOF_WORKFLOW_TYPE, {
    workflowId: proofWorkflowId(runId, number),
    workflowTaskTimeout: RUN_TASK_TIMEOUT,
    // It outlives this execution of the run, and is ended by it where the run gives it up.
    parentClosePolicy: ParentClosePolicy.ABANDON,
    args: [what],
  });
  void child.result().then(
    (result) => hearProof(live, { number, result }),
    (error: unknown) =>
      hearProof(live, { number, result: { kind: 'unproved', reason: `the proof ended: ${rootMessage(error)}` } }),
  );
}

/** The first word on a proof stands; what is said of an earlier one is of no interest. */
export function hearProof({ state }: Run, { number, result }: { number: number; result: ProofResult }): void {
  const { proof } = state;
  if (proof?.number === number && proof.result === undefined) state.proof = { ...proof, result };
}

/**
 * Waits for the proof that was begun, and takes it out of the state: what it found, of which checkpoint. Where the run
 * has to end or pause it is waited for no longer than such a proof usually takes.
 */
export async function proofResult(run: Run): Promise<{ proof: RunningProof; result: ProofResult } | undefined> {
  const { state } = run;
  const begun = state.proof;
  if (begun === undefined) return undefined;
  const result = await heardOf(run, begun).catch(async (error: unknown): Promise<ProofResult> => {
    if (!(error instanceof GivenUp)) throw error;
    await cancelProof(run);
    return { kind: 'unproved', reason: error.message };
  });
  delete state.proof;
  delete state.waitsFor;
  const { identity, snapshotType } = begun.checkpoint;
  if (result.kind === 'proved') {
    state.chain = snapshotConfirmed(state.chain, identity, snapshotType);
    state.proofMs = result.seconds * 1000;
    state.lostDeployments = 0;
  } else {
    state.chain = snapshotRequested(state.chain);
  }
  return { proof: begun, result };
}

function heardOf(run: Run, begun: RunningProof): Promise<ProofResult> {
  return unlessInterrupted(run, 'an evaluation', () => listen(run, begun), { expectedMs: run.state.proofMs });
}

async function listen(run: Run, { number, sinceMs, beside }: RunningProof): Promise<ProofResult> {
  const { input, state } = run;
  const told = (): ProofResult | undefined => (state.proof?.number === number ? state.proof.result : undefined);
  if (told() === undefined && beside) state.waitsFor = { what: 'evaluation', sinceMs };
  for (let patienceMs = ASK_AFTER_MS.first; ; patienceMs = Math.min(ASK_AFTER_MS.last, patienceMs * 2)) {
    await condition(() => told() !== undefined, patienceMs);
    const result = told();
    if (result !== undefined) return result;
    const runs = await activities.proofRuns({ workflowId: proofWorkflowId(input.runId, number) });
    if (!runs && told() === undefined) return { kind: 'unproved', reason: 'its proof was ended from outside' };
    // What is in flight lives elsewhere.
    if (beside) await continueAsNewIfLong(run);
  }
}

/** Whoever still works on a proof is told that nobody waits for it. */
export async function cancelProof({ input, state }: Run): Promise<void> {
  const { proof } = state;
  if (proof === undefined || proof.result !== undefined) return;
  await getExternalWorkflowHandle(proofWorkflowId(input.runId, proof.number))
    .cancel()
    .catch(() => undefined);
}

/** What a proof failed with that the run must answer to, as an activity would have failed. */
export function failureOf({ type, reason }: Extract<ProofResult, { kind: 'failed' }>): ApplicationFailure {
  return ApplicationFailure.nonRetryable(reason, type);
}
