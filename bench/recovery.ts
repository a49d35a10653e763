/** From SIGKILL of the worker that trains to the next step admitted, with another worker there to take over. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DisturbedStack } from '../chaos/stack.ts';
import type { Exchange } from '../chaos/wire.ts';
import { specOf } from './pawl-run.ts';

const STEP_MS = 200;
const UNDISTURBED_MS = 6_000;
const GIVE_UP_MS = 60_000;

/** Seconds of each round. */
export async function measureRecovery(options: { rounds: number; log: (message: string) => void }): Promise<number[]> {
  const sandboxFlags = ['--compute', 'none', '--step-ms', String(STEP_MS)];
  const stack = await DisturbedStack.start({ workers: 2, sandboxFlags });
  const front = new Front();
  stack.fate = (exchange) => {
    front.see(exchange);
    return {};
  };
  try {
    const spec = await specOf(stack, ['train.steps=5000', 'checkpoint.every=5000', 'evaluate.mode=blocking']);
    const { runId } = await stack.runs.start(spec);
    await front.next();
    const seconds: number[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      await sleep(UNDISTURBED_MS);
      const pid = stack.pid(front.worker);
      if (pid === undefined) throw new Error(`${front.worker} does not run`);
      const killedMs = performance.now();
      process.kill(pid, 'SIGKILL');
      const admittedMs = await front.next();
      seconds.push((admittedMs - killedMs) / 1000);
      options.log(`recovery, round ${round}: ${seconds.at(-1)?.toFixed(1)} s`);
    }
    await stack.runs.stop(runId, { now: true });
    await stack.runs.result(runId);
    return seconds;
  } finally {
    await stack.stop();
  }
}

/** The newest step that any worker has asked for: what is only asked for again does not count. */
class Front {
  worker = '';
  #seq = 0;
  #notify: ((atMs: number) => void) | undefined;

  see({ worker, path, body }: Exchange): void {
    if (!path.endsWith('/forward_backward')) return;
    const { seq_id: seq } = JSON.parse(body.toString('utf8')) as { seq_id: number };
    if (seq <= this.#seq) return;
    this.#seq = seq;
    this.worker = worker;
    this.#notify?.(performance.now());
  }

  next(): Promise<number> {
    return new Promise((resolve, reject) => {
      const overdue = setTimeout(() => reject(new Error(`no new step within ${GIVE_UP_MS / 1000} s`)), GIVE_UP_MS);
      this.#notify = (atMs) => {
        this.#notify = undefined;
        clearTimeout(overdue);
        resolve(atMs);
      };
    });
  }
}
