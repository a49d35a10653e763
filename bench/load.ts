/** Many runs at once on one worker: how many steps a second, and what they cost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DisturbedStack } from '../chaos/stack.ts';
import { specOf } from './pawl-run.ts';
import { usageOf } from './process-usage.ts';

export const STEP_MS = 200;
/** How long each number of runs is watched, once all of them train. */
const WATCHED_MS = 20_000;
const START_TIMEOUT_MS = 240_000;
/** Runs submitted at a time: two processes of the sandbox start for each. */
export const BATCH = 10;

export interface Load {
  readonly runs: number;
  readonly stepsPerSecond: number;
  /** What so many trainers do at most. */
  readonly ideal: number;
  /** Cores. */
  readonly workerCpu: number;
  readonly temporalCpu: number;
  readonly sandboxCpu: number;
  readonly workerMegabytes: number;
}

/** One stack, to which runs are added until each of `counts` was watched. */
export async function measureLoad(options: {
  counts: readonly number[];
  log: (message: string) => void;
}): Promise<Load[]> {
  const sandboxFlags = ['--compute', 'none', '--step-ms', String(STEP_MS), '--log-level', 'warn'];
  const stack = await DisturbedStack.start({ workers: 1, direct: true, sandboxFlags });
  const loads: Load[] = [];
  try {
    const spec = await specOf(stack, ['train.steps=1000000', 'checkpoint.every=1000000', 'evaluate.mode=blocking']);
    const runIds: string[] = [];
    for (const count of options.counts) {
      while (runIds.length < count) {
        const batch = Math.min(BATCH, count - runIds.length);
        const started = await Promise.all(Array.from({ length: batch }, () => stack.runs.start(spec)));
        runIds.push(...started.map(({ runId }) => runId));
        await training(stack, runIds.length);
      }
      const load = await watch(stack, count);
      loads.push(load);
      const cores = [load.workerCpu, load.temporalCpu, load.sandboxCpu].map((used) => used.toFixed(2)).join(', ');
      options.log(
        `${count} runs: ${load.stepsPerSecond.toFixed(0)} steps/s; cores of worker, Temporal, sandbox: ${cores}; ` +
          `worker ${load.workerMegabytes.toFixed(0)} MB`,
      );
    }
    return loads;
  } finally {
    await stack.stop();
  }
}

/** Resolves once so many trainers have done a step. */
export async function training(stack: DisturbedStack, count: number): Promise<void> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const { trainers } = await stack.ledger();
    const moving = trainers.filter(({ models }) => models.some(({ optimizerSteps }) => optimizerSteps > 0)).length;
    if (moving >= count) return;
    if (performance.now() > deadlineMs) throw new Error(`only ${moving} of ${count} runs train`);
    await sleep(500);
  }
}

export async function watch(stack: DisturbedStack, runs: number): Promise<Load> {
  const parts = { worker: pidOf(stack, 'worker-1'), temporal: pidOf(stack, 'temporal'), sandbox: stack.sandboxPid };
  const before = { steps: await steps(stack), atMs: performance.now(), ...usages(parts) };
  await sleep(WATCHED_MS);
  const after = { steps: await steps(stack), atMs: performance.now(), ...usages(parts) };
  const seconds = (after.atMs - before.atMs) / 1000;
  const cores = (part: keyof typeof parts): number => (after[part].cpuSeconds - before[part].cpuSeconds) / seconds;
  return {
    runs,
    stepsPerSecond: (after.steps - before.steps) / seconds,
    ideal: (runs * 1000) / STEP_MS,
    workerCpu: cores('worker'),
    temporalCpu: cores('temporal'),
    sandboxCpu: cores('sandbox'),
    workerMegabytes: after.worker.residentMegabytes,
  };
}

function pidOf(stack: DisturbedStack, part: string): number {
  const pid = stack.pid(part);
  if (pid === undefined) throw new Error(`${part} does not run`);
  return pid;
}

function usages<Part extends string>(pids: Record<Part, number>): Record<Part, ReturnType<typeof usageOf>> {
  const entries = Object.entries<number>(pids).map(([part, pid]) => [part, usageOf(pid)]);
  return Object.fromEntries(entries) as Record<Part, ReturnType<typeof usageOf>>;
}

async function steps(stack: DisturbedStack): Promise<number> {
  const { trainers } = await stack.ledger();
  return trainers.flatMap(({ models }) => models).reduce((sum, { optimizerSteps }) => sum + optimizerSteps, 0);
}
