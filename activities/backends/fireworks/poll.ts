/** Looks again and again, less and less often, until there is an answer or the time is up. */
import { performance } from 'node:perf_hooks';
import { sleep } from './sleep.ts';
import { intervalMs, type Poll } from './tables.ts';

/** What `look` answered, or undefined if it had no answer within `timeoutMs`. The last look comes as the time runs out. */
export async function pollFor<T>(
  poll: Poll,
  timeoutMs: number,
  look: (waitedMs: number) => Promise<T | undefined>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const startedMs = performance.now();
  for (let round = 0; ; round += 1) {
    const waitedMs = performance.now() - startedMs;
    const answer = await look(waitedMs);
    if (answer !== undefined) return answer;
    const leftMs = timeoutMs - (performance.now() - startedMs);
    if (leftMs <= 0) return undefined;
    await sleep(Math.min(intervalMs(poll, round), leftMs), signal);
  }
}
