/** One run of the small experiment through pawl, watched from outside to its end. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DisturbedStack } from '../chaos/stack.ts';
import { loadExperiment, type RunSpec } from '../client/index.ts';
import { isOver } from '../client/runs/run-view.ts';
import { writeExperiment, writePreferences } from '../test/e2e/experiment.ts';
import type { Plan } from '../domain/words/plan.ts';

/** The spec of the small experiment, with fields set as on the command line. */
export async function specOf(stack: DisturbedStack, set: readonly string[]): Promise<RunSpec> {
  return ownWindows(await loadExperiment(writeExperiment(join(stack.home, 'experiment')), { set }));
}

/** The same words as preferences. */
export async function pairsSpecOf(stack: DisturbedStack, set: readonly string[]): Promise<RunSpec> {
  return ownWindows(await loadExperiment(writePreferences(join(stack.home, 'preferences')), { set }));
}

/** Windows as long as pawl chooses them. */
function ownWindows(spec: RunSpec): RunSpec {
  const { windowSteps: _, ...train } = spec.train;
  return { ...spec, train };
}

/** Fails unless the run finishes. */
export async function pawlRun(stack: DisturbedStack, spec: RunSpec): Promise<{ runId: string; plan: Plan }> {
  const { runId } = await stack.runs.start(spec);
  for (;;) {
    const { outcome, stored } = await stack.runs.status(runId);
    if (isOver(outcome)) {
      if (outcome === 'finished' && stored?.plan !== undefined) return { runId, plan: stored.plan };
      throw new Error(`${runId} ended as ${outcome}: ${stored?.reason ?? ''}`);
    }
    await sleep(500);
  }
}
