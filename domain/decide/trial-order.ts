/**
 * In which order a sweep hears its trials. Whatever is decided about one depends on what the others scored before it, and
 * what came first must not depend on which machine was slow, or on when a worker died. So each trial has a clock of its
 * own, the examples (or tokens) that it has trained on since the sweep's clock stood where the trial began, and scores are taken in
 * the order of these clocks: a score waits until no other trial can come before it. Conservative simulation of discrete
 * events, as Chandy and Misra have it (1979). A trial that lags too far behind is let go: `late`.
 */
import type { ToldCheckpoint, TrialEnded } from '../words/sweep-workflow.ts';

export interface LiveTrial {
  readonly number: number;
  readonly runId: string;
  /** Where the sweep's clock stood, in the unit of `workPerStep`. */
  readonly beganAt: number;
  readonly workPerStep: number;
  /** Steps between two checkpoints, and in all. */
  readonly every: number;
  readonly steps: number;
  /** Up to which step its scores were taken into the order. */
  readonly heardStep: number;
  /** Told and not taken yet, in order of step. */
  readonly told: readonly ToldCheckpoint[];
  /** It is over, and has nothing more to tell than what is `told`. */
  readonly ended?: TrialEnded;
  /** Nobody waits for it at this moment. */
  readonly late?: true;
}

export type TrialEvent =
  | { readonly kind: 'checkpoint'; readonly trial: LiveTrial; readonly told: ToldCheckpoint; readonly at: number }
  | { readonly kind: 'end'; readonly trial: LiveTrial; readonly ended: TrialEnded; readonly at: number };

/** What is to be heard next; undefined: another trial may come first, and is waited for. */
export function nextEvent(live: readonly LiveTrial[]): TrialEvent | undefined {
  const first = firstKnown(live);
  return first === undefined || waitedFor(live, first).length > 0 ? undefined : first;
}

/** Trials that could still come before what is known. */
export function heldUpBy(live: readonly LiveTrial[]): readonly LiveTrial[] {
  const first = firstKnown(live);
  return first === undefined ? [] : waitedFor(live, first);
}

function firstKnown(live: readonly LiveTrial[]): TrialEvent | undefined {
  return live.reduce<TrialEvent | undefined>((first, trial) => {
    const event = eventOf(trial);
    return event !== undefined && (first === undefined || before(event, first)) ? event : first;
  }, undefined);
}

function waitedFor(live: readonly LiveTrial[], first: TrialEvent): readonly LiveTrial[] {
  return live.filter(
    (trial) =>
      trial.late !== true &&
      eventOf(trial) === undefined &&
      before({ at: earliest(trial), trial }, { at: first.at, trial: first.trial }),
  );
}

function eventOf(trial: LiveTrial): TrialEvent | undefined {
  const [told] = trial.told;
  if (told !== undefined) return { kind: 'checkpoint', trial, told, at: clockAt(trial, told.step) };
  const { ended } = trial;
  if (ended === undefined) return undefined;
  return { kind: 'end', trial, ended, at: clockAt(trial, Math.max(ended.step, trial.heardStep)) };
}

function clockAt({ beganAt, workPerStep }: LiveTrial, step: number): number {
  return beganAt + step * workPerStep;
}

/** The next checkpoint of a trial of which nothing is known. The baseline is one, at step 0. */
function earliest(trial: LiveTrial): number {
  const { heardStep, every, steps } = trial;
  return clockAt(trial, heardStep < 0 ? 0 : Math.min(heardStep + every, Math.max(steps, heardStep)));
}

/** Of two at the same time, the older trial's. */
function before(one: Moment, other: Moment): boolean {
  return one.at < other.at || (one.at === other.at && one.trial.number < other.trial.number);
}

interface Moment {
  readonly at: number;
  readonly trial: Pick<LiveTrial, 'number'>;
}
