/** What a failure of each kind does to a run: one table, told in docs/run.md. A run ends for no other reason. */
import type { FailureType } from '../words/run.ts';

/**
 * `rewind`: a new session and model, back to the last saved state. `replace the trainer`: the same, on another one.
 * `replace the deployment`: another one, which begins with a base. `park`: wait until somebody mends the account, machines
 * are returned after a while. `end`: the run has failed, and returns everything.
 */
export type Response = 'rewind' | 'replace the trainer' | 'replace the deployment' | 'park' | 'end';

/** What remains once an activity has given up retrying; what is not retried comes here at once. */
export const RESPONSES: Readonly<Record<FailureType, Response>> = {
  LostTrainer: 'rewind',
  TrainerGone: 'replace the trainer',
  DeploymentGone: 'replace the deployment',
  Unauthorized: 'park',
  // Tried again for days before it comes to this: see OUTAGE in workflows/activities.ts.
  Unavailable: 'park',
  // As long as no worker of its place takes it.
  WrongPlatform: 'park',
  InvalidRequest: 'end',
  SyncFailed: 'end',
  GraderFailed: 'end',
};

/** Before anything is rented a clear end is better than a wait that nobody sees. */
export function responseTo(type: string | undefined, { rented }: { rented: boolean }): Response {
  const response = type === undefined ? undefined : RESPONSES[type as FailureType];
  if (response === undefined) return 'end';
  return response === 'park' && !rented ? 'end' : response;
}

/** A failure that a call times out with has no type: it was tried for days. */
export const TIMED_OUT = 'Unavailable' satisfies FailureType;
