/** A run in the words of the API: what belongs to pawl's own workings stays inside. */
import type { z } from 'zod';
import { progressOf, type RunDetails, type RunSummary as Summary } from '../../client/runs/run-view.ts';
import type { RunStatus } from '../../domain/words/run.ts';
import type { Run, RunSummary } from '../answers/runs.ts';
import type { Immutable } from '../route.ts';

export function summaryOf({ spec, score, ...rest }: Summary): Immutable<z.input<typeof RunSummary>> {
  return {
    ...rest,
    ...(score !== undefined && {
      score: { score: score.score, low: score.low, high: score.high, metric: score.metric, step: score.step },
    }),
    ...(spec !== undefined && { name: spec.name, ...(spec.tags !== undefined && { tags: spec.tags }) }),
  };
}

export function runOf(details: RunDetails): Immutable<z.input<typeof Run>> {
  const { runId, outcome, reason, status, stored, waiting, changes, checkpointCount } = details;
  return {
    runId,
    outcome,
    ...(reason !== undefined && { reason }),
    ...progressOf(details),
    ...(status !== undefined && { now: nowOf(status) }),
    ...(waiting !== undefined && { waiting }),
    changes,
    checkpoints: checkpointCount,
    ...(stored !== undefined && recordedOf(stored)),
  };
}

function recordedOf({
  spec,
  plan,
  parent,
  release,
  createdAt,
  updatedAt,
}: NonNullable<RunDetails['stored']>): Partial<Immutable<z.input<typeof Run>>> {
  return {
    name: spec.name,
    createdAt,
    updatedAt,
    experiment: spec,
    ...(parent !== undefined && { parent }),
    ...(release !== undefined && { release }),
    ...(plan !== undefined && {
      plan: {
        shape: plan.shape.reference,
        baseModel: plan.baseModel,
        dataset: plan.dataset,
        examples: plan.examples,
        promptSet: plan.promptSet,
        prompts: plan.prompts,
        costPerHour: plan.costPerHour,
        platform: plan.platform,
        account: plan.account,
      },
    }),
  };
}

function nowOf(status: RunStatus): NonNullable<Immutable<z.input<typeof Run>>['now']> {
  const { phase, step, steps, generation, stopRequested, pauseRequested, rewinds, rentedSinceMs, waitsFor, saved } =
    status;
  return {
    phase,
    step,
    steps,
    generation,
    stopRequested,
    pauseRequested,
    rewinds,
    ...defined({
      lossMean: status.lossMean,
      secondsPerStep: status.secondsPerStep,
      checkpoint: status.checkpoint,
      identity: status.identity,
      score: status.score,
      baselineScore: status.baselineScore,
      bestScore: status.bestScore,
      costPerHour: status.costPerHour,
      proving: status.proving,
    }),
    ...(rentedSinceMs !== undefined && { rentedSince: isoTime(rentedSinceMs) }),
    ...(waitsFor !== undefined && {
      waitsFor: {
        what: waitsFor.what,
        since: isoTime(waitsFor.sinceMs),
        ...(waitsFor.said !== undefined && { said: waitsFor.said }),
      },
    }),
    ...(saved !== undefined && {
      saved: {
        checkpoint: saved.checkpoint,
        step: saved.step,
        ...(saved.untilMs !== undefined && { until: isoTime(saved.untilMs) }),
      },
    }),
  };
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
