/** What every activity has in common: heartbeats from a timer, cancellation, and failures in Temporal's terms. */
import { setMaxListeners } from 'node:events';
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Activities, FailureType } from '../domain/words/run.ts';
import { PawlError } from '../domain/words/failures-of-calls.ts';
import type { Places } from './places.ts';
import type { Backend } from './ports.ts';

/** Well below the heartbeat time-out of every activity, so that one slow moment is not taken for a death. */
const BEAT_MS = 1000;

const RETRYABLE: Record<FailureType, boolean> = {
  InvalidRequest: false,
  Unauthorized: false,
  LostTrainer: false,
  TrainerGone: false,
  DeploymentGone: false,
  SyncFailed: false,
  GraderFailed: false,
  Unavailable: true,
  WrongPlatform: true,
};

/** Failures that say that something is gone, which only the platform that had it can say. */
const LOSSES: ReadonlySet<FailureType> = new Set(['LostTrainer', 'TrainerGone', 'DeploymentGone']);

/**
 * Whatever goes wrong in these, whoever refuses, is no end of it: somebody pays for a machine that is not returned. The
 * question where the machine is belongs to it, as does every answer of the platform.
 */
const STUBBORN: ReadonlySet<string> = new Set<keyof Activities>(['releaseTrainer', 'releaseDeployment']);

/**
 * Gives every activity its heartbeat, leaves alone what belongs to another place, and turns what it throws into what
 * Temporal's retry policies understand.
 */
export function guarded<Group extends object>(activities: Group, places?: Places): Group {
  const wrapped = Object.entries(activities).map(([name, activity]) => [
    name,
    (input: never): Promise<unknown> =>
      guard(name, () => inPlace(places, input, () => (activity as (input: never) => Promise<unknown>)(input))),
  ]);
  return Object.fromEntries(wrapped) as Group;
}

async function inPlace<T>(places: Places | undefined, input: unknown, activity: () => Promise<T>): Promise<T> {
  if (places === undefined) return activity();
  // Whoever names a place is about to wait for a machine or to return it: the platform's word on it must be the right one's.
  const anew = typeof input === 'object' && input !== null && 'place' in input;
  await places.require(input, signal(), { anew });
  try {
    return await activity();
  } catch (error) {
    if (error instanceof PawlError && LOSSES.has(error.type)) await places.require(input, signal(), { anew: true });
    throw error;
  }
}

async function guard<T>(name: string, activity: () => Promise<T>): Promise<T> {
  const context = Context.current();
  // As many calls listen as are under way, which is no leak.
  setMaxListeners(0, context.cancellationSignal);
  const timer = setInterval(() => context.heartbeat(beats.get(context)), BEAT_MS);
  try {
    return await activity();
  } catch (error) {
    if (context.cancellationSignal.aborted) throw new CancelledFailure('cancelled', [], asError(error));
    throw failure(error, { again: STUBBORN.has(name) });
  } finally {
    clearInterval(timer);
  }
}

/** What a retry of each running activity will be told. */
const beats = new WeakMap<Context, unknown>();

/** Keeps `details` for a retry of this activity, from now on part of every heartbeat. */
export function rememberForRetry(details: unknown): void {
  const context = Context.current();
  beats.set(context, details);
  context.heartbeat(details);
}

/** What the previous attempt of this activity remembered, if it got that far. */
export function remembered(): unknown {
  return Context.current().info.heartbeatDetails as unknown;
}

/**
 * For what must not be asked for twice where the platform would not notice: a second attempt cannot know what the first
 * one did, so the run rewinds.
 */
export function refuseToRepeat(replay: Backend['replay']): void {
  const { attempt, activityType } = Context.current().info;
  if (replay === 'sequence' || attempt === 1) return;
  throw new PawlError('LostTrainer', `what a lost attempt of ${activityType} did to the trainer cannot be known`);
}

/** Aborted when the run is cancelled or the worker shuts down. */
export function signal(): AbortSignal {
  return Context.current().cancellationSignal;
}

/** The one place where a class of error becomes a Temporal failure. */
function failure(error: unknown, { again }: { again: boolean }): unknown {
  if (!(error instanceof PawlError)) return error;
  return ApplicationFailure.create({
    type: error.type,
    message: error.message,
    nonRetryable: !again && !RETRYABLE[error.type],
    details: [error.detail],
    ...(error.cause instanceof Error ? { cause: error.cause } : {}),
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
