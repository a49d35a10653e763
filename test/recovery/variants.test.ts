import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DisturbedStack } from '../../chaos/stack.ts';
import { VARIANT_NAMES, VARIANTS, type Variant } from '../../chaos/variants.ts';
import { loadExperiment, type RunDetails } from '../../client/index.ts';
import { trainerId } from '../../domain/words/names.ts';
import { writeExperiment } from '../e2e/experiment.ts';
import { stripped } from './stripped.ts';

const SHORT = {
  train: { steps: 8, batchSize: 8, seed: 3, windowSteps: 2, optimizer: { learningRate: 0.01 } },
  checkpoint: { every: 4, baseEvery: 3 },
};
/** One computed by the trainer, from backward passes alone; one computed here, from forward passes. */
const OBJECTIVES = { own: {}, focal: { objective: { name: 'focal', options: { gamma: 2 } } } };

/** The most taciturn one says least of all, and on its way what else may be missing is left out; every one: `npm run variants`. */
const TRIED =
  process.env['PAWL_EVERY_VARIANT'] === undefined ? VARIANT_NAMES.filter((name) => name === 'taciturn') : VARIANT_NAMES;

/** What a run is worth, whatever the platform was told to say, and whatever it lost on the way. */
interface Outcome {
  readonly outcome: string;
  readonly losses: readonly number[];
  readonly scores: readonly unknown[];
}

function outcomeOf(run: RunDetails): Outcome {
  const scores = new Map(run.checkpoints.map(({ checkpoint, evaluation }) => [checkpoint.step, evaluation?.score]));
  return { outcome: run.outcome, losses: run.steps.map(({ lossMean }) => lossMean), scores: [...scores] };
}

let stack: DisturbedStack | undefined;

afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

async function until(runId: string, condition: (run: RunDetails) => boolean): Promise<RunDetails> {
  for (;;) {
    const run = await stack?.runs.show(runId).catch(() => undefined);
    if (run !== undefined && condition(run)) return run;
    await sleep(100);
  }
}

/** Trains, checkpoints, syncs and evaluates with each objective; `lossy`: each loses its trainer in the middle. */
async function runThrough(variant: Variant, lossy: boolean): Promise<Record<string, RunDetails>> {
  // Slow enough that a trainer can be taken away in the middle.
  const sandboxFlags = [...VARIANTS[variant], '--step-ms', '200'];
  const direct = variant !== 'taciturn';
  const running = await DisturbedStack.start({ workers: 1, direct, sandboxFlags });
  stack = running;
  running.fate = (exchange) => ({ rewrite: (answer) => stripped(exchange, answer) });
  const runs = Object.entries(OBJECTIVES).map(async ([name, objective]) => {
    const file = writeExperiment(join(running.home, name), { ...SHORT, train: { ...SHORT.train, ...objective } });
    const { runId } = await running.runs.start(await loadExperiment(file));
    if (lossy) {
      await until(runId, ({ steps, outcome }) => steps.length >= 5 || outcome === 'failed');
      const { processes } = await running.ledger();
      const pid = processes.trainers[trainerId(runId, 1)];
      // Its sessions, models and numbers are gone: what it saved is loaded by the name that it answered.
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    }
    return [name, await until(runId, ({ outcome }) => outcome !== 'running' && outcome !== 'pending')] as const;
  });
  return Object.fromEntries(await Promise.all(runs));
}

/** Whether any step has the length of its gradient, which pawl always asks for. */
function toldMore({ steps }: RunDetails): boolean {
  return steps.some(({ metrics = {} }) => 'grad_norm' in metrics);
}

describe('a run ends alike, however the platform speaks', () => {
  let plain: Record<string, Outcome>;

  beforeAll(async () => {
    const runs = await runThrough('default', false);
    expect(Object.values(runs).map(toldMore)).toEqual([true, true]);
    plain = Object.fromEntries(Object.entries(runs).map(([name, run]) => [name, outcomeOf(run)]));
    await stack?.stop();
    stack = undefined;
  }, 600_000);

  test('which is to finish, with a loss that falls', () => {
    for (const { outcome, losses } of Object.values(plain)) {
      expect(outcome).toBe('finished');
      expect(losses).toHaveLength(8);
      expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
    }
  });

  test.each(TRIED)(
    '%s, its trainer lost in the middle',
    async (variant) => {
      const runs = await runThrough(variant, true);
      for (const [name, run] of Object.entries(runs)) {
        expect([name, outcomeOf(run)]).toEqual([name, plain[name]]);
        expect(run.rewinds.length).toBeGreaterThan(0);
        expect(toldMore(run)).toBe(variant !== 'taciturn');
      }
      const ledger = await stack?.ledger();
      expect(ledger?.rented).toEqual({ trainerJobs: [], deployments: [] });
    },
    600_000,
  );
});
