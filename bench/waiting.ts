/** Runs that wait for a capacity of one: what they take from the one that has it, and how soon one of them ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DisturbedStack } from '../chaos/stack.ts';
import { BATCH, STEP_MS, training, watch, type Load } from './load.ts';
import { specOf } from './pawl-run.ts';

/** Submissions are planned, and machines asked for, before a run waits. */
const SUBMIT_TIMEOUT_MS = 3_600_000;
const SETTLE_MS = 30_000;

export interface Waiting extends Load {
  readonly waiting: number;
  /** From asking one of those that wait to stop until it is over; undefined: none waits. */
  readonly stopSeconds?: number;
}

/** One stack, to which waiting runs are added until each of `counts` was watched. */
export async function measureWaiting(options: {
  counts: readonly number[];
  log: (message: string) => void;
}): Promise<Waiting[]> {
  const flags = ['--compute', 'none', '--step-ms', String(STEP_MS), '--capacity', '1', '--log-level', 'warn'];
  const stack = await DisturbedStack.start({ workers: 1, direct: true, sandboxFlags: flags });
  const measured: Waiting[] = [];
  try {
    const spec = await specOf(stack, ['train.steps=1000000', 'checkpoint.every=1000000', 'evaluate.mode=blocking']);
    await stack.runs.start(spec);
    await training(stack, 1);
    const waiting: string[] = [];
    for (const count of options.counts) {
      while (waiting.length < count) {
        const batch = Math.min(BATCH, count - waiting.length);
        const started = await Promise.all(Array.from({ length: batch }, () => stack.runs.start(spec)));
        waiting.push(...started.map(({ runId }) => runId));
        await rented(stack, waiting.length + 1);
      }
      await sleep(SETTLE_MS);
      const load = await watch(stack, 1);
      const stopSeconds = await stopOf(stack, waiting.pop());
      measured.push({ ...load, waiting: count, ...(stopSeconds !== undefined && { stopSeconds }) });
      options.log(`${count} wait: ${load.stepsPerSecond.toFixed(2)} steps/s of the one that runs`);
    }
    return measured;
  } finally {
    await stack.stop();
  }
}

/** Resolves once so many trainers were asked for. */
async function rented(stack: DisturbedStack, count: number): Promise<void> {
  const deadlineMs = performance.now() + SUBMIT_TIMEOUT_MS;
  for (;;) {
    const asked = (await stack.ledger()).rented.trainerJobs.length;
    if (asked >= count) return;
    if (performance.now() > deadlineMs) throw new Error(`only ${asked} of ${count} trainers were asked for`);
    await sleep(200);
  }
}

async function stopOf(stack: DisturbedStack, runId: string | undefined): Promise<number | undefined> {
  if (runId === undefined) return undefined;
  const sinceMs = performance.now();
  await stack.runs.stop(runId, { reason: 'measured' });
  await stack.runs.result(runId);
  return (performance.now() - sinceMs) / 1000;
}
