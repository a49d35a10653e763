/** A process that is kept running: started again, with back-off, whenever it ends by itself; gone when we are. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import { launch, type Life, type ProcessOptions } from './launch.ts';

export type { ProcessOptions } from './launch.ts';

/** Doubled after each failure up to the maximum; a life longer than `steadyMs` starts over. */
export interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
  readonly steadyMs: number;
}

const BACK_OFF: BackOff = { firstMs: 250, maxMs: 15_000, steadyMs: 30_000 };

export interface ProcessEvent {
  readonly name: string;
  readonly kind: 'ended' | 'restarted' | 'failed';
  readonly detail: string;
}

export interface KeptProcess<T> {
  /** Process id of the present life; absent while it is being started again. */
  pid(): number | undefined;
  /** What the present life, or the last one, said when it was ready. */
  value(): T;
  /** Stops it for good: SIGTERM, and SIGKILL once the grace period is over. */
  stop(): Promise<void>;
}

/** Rejects if the first start fails: only a process that has worked before is started again. */
export async function keepProcess<T>(
  options: ProcessOptions<T>,
  onEvent: (event: ProcessEvent) => void = () => undefined,
  backOff: BackOff = BACK_OFF,
): Promise<KeptProcess<T>> {
  const stopping = new AbortController();
  let last = await launch(options, stopping.signal);
  let current: Life<T> | undefined = last;

  const keep = async (): Promise<void> => {
    let delayMs = backOff.firstMs;
    while (!stopping.signal.aborted) {
      const since = performance.now();
      const reason = await last.ended;
      current = undefined;
      if (stopping.signal.aborted) return;
      onEvent({ name: options.name, kind: 'ended', detail: reason });
      if (performance.now() - since > backOff.steadyMs) delayMs = backOff.firstMs;
      const next = await revive(delayMs);
      if (next === undefined) return;
      current = last = next;
      delayMs = Math.min(delayMs * 2, backOff.maxMs);
      onEvent({ name: options.name, kind: 'restarted', detail: `process ${next.pid}` });
    }
  };
  const revive = async (firstDelayMs: number): Promise<Life<T> | undefined> => {
    for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, backOff.maxMs)) {
      try {
        await sleep(delayMs, undefined, { signal: stopping.signal });
        return await launch(options, stopping.signal);
      } catch (error) {
        if (stopping.signal.aborted) return undefined;
        onEvent({ name: options.name, kind: 'failed', detail: messageOf(error) });
      }
    }
  };
  const kept = keep();

  return {
    pid: () => current?.pid,
    value: () => last.value,
    async stop() {
      stopping.abort();
      await current?.stop();
      await kept;
    },
  };
}
