/**
 * Hearing what is asked of a run while it waits for something: a stop, a pause, a budget that is spent. Work in hand has
 * some grace to come to its end, and is given up after it. What interrupts what: domain/decide/interrupts.ts.
 */
import { CancellationScope, condition, sleep } from '@temporalio/workflow';
import { judgeBudget, rentLeftMs } from '../../domain/decide/budget.ts';
import { graceMs, interruptsOf, type Interrupt } from '../../domain/decide/interrupts.ts';
import { used, type Run } from './state.ts';

/** Work that was given up: nobody knows what it did. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp';
  readonly interrupt: Interrupt;

  constructor(interrupt: Interrupt, what: string) {
    super(`${what} was given up: ${WORDS[interrupt]}`);
    this.interrupt = interrupt;
  }
}

const WORDS: Readonly<Record<Interrupt, string>> = {
  stop: 'the run was asked to stop',
  pause: 'the run was asked to pause',
  budget: 'the budget is used up',
};

interface Patience {
  /** How long such work usually takes; absent: nobody knows. */
  readonly expectedMs?: number | undefined;
  /** Not worth a wait. */
  readonly withoutGrace?: boolean;
  /** Given up after so long in any case. */
  readonly limitMs?: number | undefined;
}

/** Does the work to its end, unless something interrupts it and its grace is over; then it fails with `GivenUp`. */
export async function unlessInterrupted<T>(
  run: Run,
  what: string,
  work: () => Promise<T>,
  { expectedMs, withoutGrace = false, limitMs }: Patience = {},
): Promise<T> {
  const scope = new CancellationScope();
  const outcome = scope.run(work).then(
    (value) => ({ value }) as const,
    (error: unknown) => ({ error }) as const,
  );
  const watch = new CancellationScope();
  const interrupted = watch.run(async () => {
    const interrupt = await hear(run);
    if (!withoutGrace) await sleep(graceMs(interrupt, { expectedMs }));
    return { interrupt } as const;
  });
  const late = limitMs === undefined ? [] : [watch.run(async () => overdue(limitMs))];
  // Of a run that is cancelled, the work tells how it ended.
  let first = await Promise.race([outcome, ...[interrupted, ...late].map((one) => one.catch(() => outcome))]);
  if ('interrupt' in first) {
    const { interrupt } = first;
    scope.cancel();
    first = await outcome;
    watch.cancel();
    if (!('value' in first)) throw new GivenUp(interrupt, what);
  }
  watch.cancel();
  if ('error' in first) throw first.error;
  return first.value;
}

async function overdue(limitMs: number): Promise<{ readonly interrupt: Interrupt }> {
  await sleep(limitMs);
  return { interrupt: 'stop' };
}

/** What interrupts the run where it stands, now; undefined: nothing does. */
export function interruptNow({ input, state }: Run): Interrupt | undefined {
  const heeded = interruptsOf(state.standing);
  if (heeded.includes('budget') && judgeBudget(input.spec.budget, used(state, Date.now())) !== undefined) {
    return 'budget';
  }
  if (heeded.includes('stop') && state.stop !== undefined) return 'stop';
  return heeded.includes('pause') && state.pauseRequested ? 'pause' : undefined;
}

/** A budget that is spent is a stop like any other, with its reason. */
export function noteBudget({ input, state }: Run): void {
  const spent = judgeBudget(input.spec.budget, used(state, Date.now()));
  if (spent !== undefined) state.stop ??= { reason: spent, diverged: false };
}

/** Resolves once something interrupts the run. */
async function hear(run: Run): Promise<Interrupt> {
  for (;;) {
    const interrupt = interruptNow(run);
    if (interrupt !== undefined) return interrupt;
    const { clock, standing } = run.state;
    const { budget } = run.input.spec;
    const changed = (): boolean =>
      run.state.clock !== clock ||
      run.state.standing !== standing ||
      run.input.spec.budget !== budget ||
      interruptNow(run) !== undefined;
    const leftMs = budgetLeftMs(run);
    // A little late: the clock has then passed the limit.
    await (leftMs === undefined ? condition(changed) : condition(changed, Math.ceil(leftMs) + 50));
  }
}

/** Undefined: no budget is to be heard of by the clock, which may stand. */
function budgetLeftMs({ input, state }: Run): number | undefined {
  const { clock, plan, standing } = state;
  if (clock.sinceMs === undefined || !interruptsOf(standing).includes('budget')) return undefined;
  return rentLeftMs(input.spec.budget, used(state, Date.now()), plan?.costPerHour ?? 0);
}
