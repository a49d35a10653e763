/** What a run knows of the sweep that it is a trial of. */
import type { Target } from './checkpoint.ts';

/** To a run: whose trial it is, and that each of its scores is answered before it goes on. */
export interface TrialOf {
  readonly sweepId: string;
  readonly number: number;
  /** The suite whose scores are told. */
  readonly suite: string;
  /** It waits for a word on each score: a rule may stop it. */
  readonly judged: boolean;
  /** Absent: its machines are its own. */
  readonly slot?: Slot;
}

/** A place for one trial at a time, with machines that each takes over from the one before. */
export interface Slot {
  /** Its machines are named after it. */
  readonly slotId: string;
  /** How many of each were ever planned. */
  readonly trainers: number;
  readonly deployments: number;
  /** Rented, and idle; absent: the trial that comes rents the next ones. */
  readonly machines?: SlotMachines;
}

/** A trainer, and the deployment that is linked to it. */
export interface SlotMachines {
  readonly trainerId: string;
  readonly target: Target;
}

/** What a trial leaves behind. */
export interface LeftSlot {
  readonly slot: Slot;
  /** From when the trial asked for machines until it could train; absent: it never could. */
  readonly readyMs?: number;
  /** It rented no machine itself. */
  readonly took: boolean;
  readonly costPerHour: number;
}
