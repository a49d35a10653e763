/** Trials of which nothing is heard: some are over without a word, and others must not wait for the rest. */
import { heldUpBy } from '../../domain/decide/trial-order.ts';
import { sweepActivities as activities } from './activities.ts';
import { hearEnd } from './messages.ts';
import type { Sweep } from './state.ts';

/** How soon a run of which nothing is heard is asked after: it may have been ended from outside. */
const SILENT_MS = 120_000;

/** How long others wait for a score that could come before theirs. */
const PATIENCE_MS = 10 * 60_000;

export async function lookAfterSilent({ state }: Sweep): Promise<void> {
  const nowMs = Date.now();
  const silent = state.running.filter(({ heardMs }) => nowMs - heardMs >= SILENT_MS);
  if (silent.length === 0) return;
  for (const run of silent) run.heardMs = nowMs;
  const over = await activities.lookTrials({ runs: silent.map(({ number, runId }) => ({ number, runId })) });
  for (const ended of over) hearEnd(state, ended);
}

/** Whoever waits for capacity, or is paused, is not to hold up the others: they go on without it, and that is noted. */
export async function letGoOfLate({ input: { sweepId }, state }: Sweep): Promise<void> {
  if (state.pauseRequested) return;
  const laggards = heldUpBy(state.live);
  if (laggards.length === 0) {
    delete state.heldUpSinceMs;
    return;
  }
  state.heldUpSinceMs ??= Date.now();
  if (Date.now() - state.heldUpSinceMs < PATIENCE_MS) return;
  delete state.heldUpSinceMs;
  const numbers = new Set(laggards.map(({ number }) => number));
  state.live = state.live.map((trial) => (numbers.has(trial.number) ? { ...trial, late: true } : trial));
  await activities.noteSweep({
    sweepId,
    key: `late/${state.order}`,
    message: `others go on without waiting for ${trialsText([...numbers])}, of which nothing was heard for 10 minutes: from here on the order of scores depends on the time`,
  });
}

function trialsText(numbers: readonly number[]): string {
  return numbers.length === 1 ? `trial ${numbers[0]}` : `trials ${numbers.join(', ')}`;
}
