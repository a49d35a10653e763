/**
 * What a run carries from step to step: one plain object, so that it can be handed on and shown. Its size does not grow
 * with the run: what was is folded (`Course`, `Losses`), and a checkpoint is kept only while something depends on it.
 */
import type { Used } from '../../domain/decide/budget.ts';
import { NEW_CHAIN, type ChainState } from '../../domain/decide/chain.ts';
import { rentedMs, STOPPED_CLOCK, type RentClock } from '../../domain/decide/clock.ts';
import { NEW_COURSE, type Course } from '../../domain/decide/course.ts';
import type { Standing } from '../../domain/decide/interrupts.ts';
import { NO_LOSSES, type Losses } from '../../domain/decide/losses.ts';
import type { Checkpoint, Connection, Target } from '../../domain/words/checkpoint.ts';
import type { AskedChange, BudgetChange, LiveChange } from '../../domain/words/live-changes.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { SlotMachines } from '../../domain/words/trial.ts';
import type { ProofResult } from '../../domain/words/proof.ts';
import type {
  CheckpointReport,
  Phase,
  Release,
  RunInput,
  RunOutcome,
  RunRecord,
  WaitsFor,
} from '../../domain/words/run.ts';

/** A state that training can go back to. */
export interface SavedState {
  readonly trainerId: string;
  readonly path: string;
  readonly step: number;
  /** Of the checkpoint that it is part of. */
  readonly checkpoint?: string;
  /** Absent: by another run, before this one rented anything. */
  readonly savedAtMs?: number;
}

/** Why the run must end at the next opportunity. */
export interface Stop {
  readonly reason: string;
  /** The weights are not worth keeping. */
  readonly diverged: boolean;
  /** The checkpoint that the verdict was about, and so the run's result; absent: the weights as they stand. */
  readonly keep?: CheckpointReport;
  /** The run ends for branches to go on from `keep`. */
  readonly branch?: true;
  /** Somebody else said so, not the run's own policy. */
  readonly requested?: true;
  /** Nothing more is rented or evaluated for it: the result is what was evaluated last. */
  readonly atOnce?: true;
  /** By its sweep: what was evaluated last is the result, and nothing more is rented or evaluated for it. */
  readonly early?: true;
}

/** A proof that was begun, and what came of it once it is over. */
export interface RunningProof {
  readonly number: number;
  readonly checkpoint: Checkpoint;
  /** Training goes on meanwhile. */
  readonly beside: boolean;
  readonly sinceMs: number;
  readonly result?: ProofResult;
}

export interface RunState {
  standing: Standing;
  phase: Phase;
  /** Optimizer steps applied to the weights that the trainer holds. */
  step: number;
  generation: number;
  /** Next sequence number of the model's requests: only the workflow hands them out. */
  nextSeq: number;
  chain: ChainState;
  /** The newest checkpoint, the newest that was evaluated, and the best one by the policy. */
  last?: CheckpointReport;
  evaluated?: CheckpointReport;
  best?: CheckpointReport;
  course: Course;
  losses: Losses;
  /** Deployments that had to be replaced since the last proof. */
  lostDeployments: number;
  /** How often the run was parked since it last trained. */
  parks: number;
  /** How often machines were rented: part of their ids. */
  trainers: number;
  deployments: number;
  plan?: Plan;
  /** Set before the lease is asked for: from then on there may be something to release. */
  trainerId?: string;
  /** The machines of its slot are its own by now, or were; and what it left there at its end. */
  taken?: true;
  left?: SlotMachines;
  /** Since when machines are waited for, and how long that took the first time. */
  askedMs?: number;
  readyMs?: number;
  /** The platform answered that it has it. */
  trainerCreated?: boolean;
  deploymentId?: string;
  /** The last deployment was left serving on purpose. */
  kept?: true;
  target?: Target;
  connection?: Connection;
  restore?: SavedState;
  /** Proofs that were begun, and snapshots that were saved once more: parts of names, so that none is ever used twice. */
  proofs: number;
  resaves: number;
  /** What was saved under lately. */
  names?: readonly string[];
  /** The one that was begun last, until its verdict has been given. */
  proof?: RunningProof;
  /** How long a proof takes, saving a checkpoint, and its validation: what grace is measured by. */
  proofMs?: number;
  saveMs?: number;
  validationMs?: number;
  lossMean?: number;
  secondsPerStep?: number;
  /** Tokens trained on; steps done again count again. */
  tokens?: number;
  /** Time spent on steps since the last saved state: what a rewind loses. */
  sinceSaveMs: number;
  /** Runs while something is rented. */
  clock: RentClock;
  waitsFor?: WaitsFor;
  /** How many records were asked for, and up to which one the store has them. */
  records: { asked: number; acknowledged: number };
  /** Facts that the store did not take: written with the next ones. */
  unrecorded: RunRecord[];
  /** What of the experiment was changed on the way, and what is asked for and waits for the next saved state. */
  changes?: readonly LiveChange[];
  asked?: readonly AskedChange[];
  /** Of the budget, not yet on record. */
  budgetChanges?: readonly BudgetChange[];
  stop?: Stop;
  /** Of a trial: up to which step its sweep has said what becomes of it. */
  sweepWord?: number;
  /** Name of the checkpoint that the run ended with: a base, evaluated. */
  result?: string;
  pauseRequested: boolean;
  complete: boolean;
  outcome: RunOutcome;
  reason: string;
  release: Release;
}

/** A run and what it carries. */
export interface Run {
  readonly input: RunInput;
  readonly state: RunState;
}

/** A run that has everything it needs to train. */
export interface LiveRun extends Run {
  readonly plan: Plan;
  readonly target: Target;
  readonly connection: Connection;
}

/** A branch begins where its parent was: step numbers, data order and schedule go on. */
export function newState({ parent, sweep }: Pick<RunInput, 'parent' | 'sweep'>): RunState {
  const restore = parent && { trainerId: parent.trainerId, path: parent.statePath, step: parent.step };
  return {
    standing: 'planned',
    phase: 'plan',
    step: parent?.step ?? 0,
    generation: 1,
    nextSeq: 1,
    chain: NEW_CHAIN,
    course: NEW_COURSE,
    losses: NO_LOSSES,
    lostDeployments: 0,
    parks: 0,
    trainers: sweep?.slot?.trainers ?? 0,
    deployments: sweep?.slot?.deployments ?? 0,
    proofs: 0,
    resaves: 0,
    sinceSaveMs: 0,
    clock: STOPPED_CLOCK,
    records: { asked: 0, acknowledged: 0 },
    unrecorded: [],
    pauseRequested: false,
    complete: false,
    outcome: 'running',
    reason: '',
    release: { trainerState: 'never created', deploymentState: 'never created' },
    ...(restore !== undefined && { restore }),
  };
}

/** Reserves `count` consecutive sequence numbers and returns the first. */
export function takeSeq(state: RunState, count = 1): number {
  const first = state.nextSeq;
  state.nextSeq += count;
  return first;
}

/** Adds what became known of a checkpoint to whatever is kept of it. */
export function noteCheckpoint(
  state: RunState,
  checkpoint: Checkpoint,
  facts: Partial<Omit<CheckpointReport, 'checkpoint'>> = {},
): CheckpointReport {
  const known = [state.last, state.evaluated, state.best].find((report) => report?.checkpoint.name === checkpoint.name);
  const report = { ...known, ...facts, checkpoint };
  state.last = report;
  if (report.evaluation !== undefined) state.evaluated = report;
  if (state.best?.checkpoint.name === checkpoint.name) state.best = report;
  return report;
}

export function used({ clock, plan, tokens = 0 }: RunState, nowMs: number): Used {
  const hours = rentedMs(clock, nowMs) / 3_600_000;
  return { hours, cost: hours * (plan?.costPerHour ?? 0), tokens };
}

/** The run ends with what was evaluated last, unless nobody asked for its end. */
export function endAtOnce(state: RunState, why: string): void {
  const { stop } = state;
  if (stop !== undefined) state.stop = { ...stop, reason: `${stop.reason}; ${why}`, atOnce: true };
}

/** Steps that were saved and that no evaluation speaks of. */
export function unevaluatedSteps({ restore, evaluated, step }: RunState): number {
  const saved = restore?.step ?? step;
  return Math.max(0, saved - (evaluated?.checkpoint.step ?? saved));
}
