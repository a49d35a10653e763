/** Sweeps in the words of the domain: what workers write of them and people read. */
import type { Announcement } from '../../domain/words/announcements.ts';
import type { SweepSpec } from '../../domain/spec/sweep-spec.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { Goal, StopVerdict, Trial, TrialParameters, TrialState } from '../../domain/words/sweep.ts';
import type { BestTrial, Confirmation, SweepPromotion, Winner } from '../../domain/words/sweep-winner.ts';
import type { PlannedTrial, SweepChange, SweepOutcome, ToldScore } from '../../domain/words/sweep-workflow.ts';

interface NewSweep {
  readonly sweepId: string;
  readonly name: string;
  readonly spec: SweepSpec;
  readonly experiment: RunSpec;
  readonly suite: string;
  readonly goal: Goal;
  readonly askedBy: string;
}

export interface StoredSweep extends NewSweep {
  readonly outcome: SweepOutcome;
  readonly reason?: string;
  readonly best?: BestTrial;
  readonly winner?: Winner;
  readonly promotion?: SweepPromotion;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A score of a trial with what was decided about it. */
export interface JudgedScore extends ToldScore {
  readonly order: number;
  readonly verdict?: StopVerdict;
}

export interface StoredTrial extends Omit<Trial, 'scores' | 'parameters'> {
  readonly runId: string;
  readonly planned: PlannedTrial;
  readonly proposedOrder: number;
  readonly endedOrder?: number;
  /** Of a trial that was stopped or came to no end: why. */
  readonly reason?: string;
  /** Of its run, once that is over. */
  readonly runOutcome?: string;
  readonly runReason?: string;
  /** Of one of the best: what came of asking it again. */
  readonly confirmation?: Confirmation;
  /** By step. */
  readonly scores: readonly JudgedScore[];
}

export interface SweepEvent {
  readonly seq: number;
  readonly at: string;
  readonly message: string;
}

export interface StoredSweepChange {
  readonly order: number;
  readonly change: SweepChange;
}

/** Whose trial a run is, and what it tries. */
export interface TrialMark {
  readonly sweepId: string;
  readonly number: number;
  readonly parameters: TrialParameters;
}

interface SweepUpdate extends Pick<StoredSweep, 'reason' | 'best' | 'winner' | 'promotion'> {
  readonly outcome: SweepOutcome;
  /** What people are told of it, with the fact itself. */
  readonly told?: readonly Announcement[];
}

export interface SweepReader {
  /** By its id. */
  sweep(sweepId: string): Promise<StoredSweep | undefined>;
  /** Newest first. */
  sweeps(options: { limit: number }): Promise<readonly StoredSweep[]>;
  /** In order of their numbers. */
  trials(sweepId: string): Promise<readonly StoredTrial[]>;
  trial(sweepId: string, number: number): Promise<StoredTrial | undefined>;
  sweepEvents(sweepId: string): Promise<readonly SweepEvent[]>;
  /** Of its space and of single trials, in its order. */
  sweepChanges(sweepId: string): Promise<readonly StoredSweepChange[]>;
  /** Of each of these runs that is a trial. */
  trialsOfRuns(runIds: readonly string[]): Promise<ReadonlyMap<string, TrialMark>>;
}

/** Writing twice is writing once: of a trial, a score and a verdict the first stands. */
export interface SweepWriter {
  saveSweep(sweep: NewSweep): Promise<void>;
  updateSweep(sweepId: string, update: SweepUpdate): Promise<void>;
  saveTrial(
    sweepId: string,
    trial: { readonly number: number; readonly proposedOrder: number; readonly planned: PlannedTrial },
  ): Promise<void>;
  saveTrialScore(sweepId: string, number: number, score: JudgedScore): Promise<void>;
  /** From here on it takes no part any more. */
  endTrial(
    sweepId: string,
    number: number,
    end: { readonly state: TrialState; readonly endedOrder: number; readonly reason?: string },
  ): Promise<void>;
  noteTrialOutcome(
    sweepId: string,
    number: number,
    end: { readonly runOutcome: string; readonly runReason: string },
  ): Promise<void>;
  saveConfirmation(sweepId: string, number: number, confirmation: Confirmation): Promise<void>;
  saveSweepChange(sweepId: string, change: StoredSweepChange): Promise<void>;
  addSweepEvent(sweepId: string, event: { readonly key: string; readonly message: string }): Promise<void>;
}
