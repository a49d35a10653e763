/** What a sweep carries: its live trials and some counters. All that was tried is in the store. */
import { nextEvent, type LiveTrial } from '../../domain/decide/trial-order.ts';
import type { SweepSpec } from '../../domain/spec/sweep-spec.ts';
import type { Slot } from '../../domain/words/trial.ts';
import type { Goal } from '../../domain/words/sweep.ts';
import type { PinnedSuite } from '../../domain/words/plan.ts';
import type { BestTrial, SweepPromotion, Winner } from '../../domain/words/sweep-winner.ts';
import type {
  PlannedTrial,
  SweepChange,
  SweepInput,
  SweepOutcome,
  TrialEnded,
} from '../../domain/words/sweep-workflow.ts';

/** A run that was proposed, and is to be started as soon as there is room for its machines. */
interface WaitingTrial extends PlannedTrial {
  readonly number: number;
}

/** A run that is not over, whether or not its trial is. */
interface RunningTrial {
  readonly number: number;
  readonly runId: string;
  /** When it was last heard of. */
  heardMs: number;
}

/** A slot, and the trial that has it. */
export interface HeldSlot {
  slot: Slot;
  /** What its machines are made of: who fits may take them over. */
  kind: string;
  /** Absent: it is free. */
  number?: number;
  /** Its trial ended without a word: what it rented is looked up. */
  lost?: true;
}

/** What machines that were taken over spared. */
interface Spared {
  rented: number;
  rentedMs: number;
  taken: number;
  takenMs: number;
  costPerHour: number;
}

export interface SweepState {
  outcome: SweepOutcome;
  reason: string;
  suite: string;
  goal: Goal;
  opened: boolean;
  /** Trials that were proposed: the number of the next one. */
  proposed: number;
  /** Why no further trial is proposed. */
  exhausted?: string;
  /** Decisions so far: what is decided next comes after all of them. */
  order: number;
  /** Where the clock of the order stands, in the work of one slot. */
  clock: number;
  /** As the order has it: a trial is live from its proposal to its last score. */
  live: LiveTrial[];
  /** Proposed, not started. */
  waiting: WaitingTrial[];
  /** Started, not over. */
  running: RunningTrial[];
  /** Over, and not yet on record as such. */
  ended: TrialEnded[];
  /** Since when nothing could be heard because others might come first. */
  heldUpSinceMs?: number;
  /** How many in all, and at a time. */
  wanted: number;
  concurrency: number;
  /** The space, where it was changed. */
  parameters?: SweepSpec['parameters'];
  best?: BestTrial;
  /** The prompts that the best are asked again. */
  confirm?: PinnedSuite;
  winner?: Winner;
  promotion?: SweepPromotion;
  /** Where machines are reused. */
  slots?: HeldSlot[];
  spared?: Spared;
  pauseRequested: boolean;
  /** Asked for, and not yet on record. */
  changes: SweepChange[];
  pauses: number;
  /** When it last looked around. */
  lookedMs: number;
  stop?: string;
}

export interface Sweep {
  readonly input: SweepInput;
  readonly state: SweepState;
}

/** `wanted`: of a grid without a number, as many as it has points. */
export function newSweepState({ spec }: SweepInput): SweepState {
  return {
    outcome: 'running',
    reason: '',
    suite: '',
    goal: 'maximize',
    opened: false,
    proposed: 0,
    order: 0,
    clock: 0,
    live: [],
    waiting: [],
    running: [],
    ended: [],
    wanted: spec.trials ?? Number.MAX_SAFE_INTEGER,
    concurrency: spec.concurrency,
    pauseRequested: false,
    changes: [],
    pauses: 0,
    lookedMs: Date.now(),
  };
}

export function mayPropose({ exhausted, stop, proposed, wanted }: SweepState): boolean {
  return exhausted === undefined && stop === undefined && proposed < wanted;
}

/** Nothing is live, nothing runs, and nothing more is to be proposed. */
export function isDone(state: SweepState): boolean {
  const { live, running, waiting } = state;
  return live.length === 0 && running.length === 0 && waiting.length === 0 && !mayPropose(state);
}

/** Whether there is anything that a sweep would act upon now, whenever it was told. */
export function hasWork(state: SweepState): boolean {
  const { live, waiting, running, ended, changes, concurrency, pauseRequested, stop, outcome } = state;
  const isAsked = stop === undefined ? pauseRequested : outcome !== 'stopping';
  const hasRoom =
    (mayPropose(state) && live.length < concurrency) || (waiting.length > 0 && running.length < concurrency);
  const isTold = ended.length > 0 || changes.length > 0 || nextEvent(live) !== undefined;
  return isAsked || hasRoom || isTold || isDone(state);
}
