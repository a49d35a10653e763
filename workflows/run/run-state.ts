/** What a run carries from step to step: one plain object, so that it can be handed on and shown. */
import type { Used } from '../../domain/decide/budget.ts';
import { NEW_CHAIN, type ChainState } from '../../domain/decide/chain.ts';
import type { Checkpoint, Connection, Target } from '../../domain/words/checkpoint.ts';
import type {
  CheckpointReport,
  Phase,
  Release,
  Rewind,
  RunInput,
  RunOutcome,
  RunReport,
  RunStatus,
  Verdict,
} from '../../domain/words/run.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { Scores } from '../../domain/words/evaluation.ts';
import { best, branchPoint, judgedEvaluations } from '../../domain/decide/policy-scores.ts';

/** A state that training can go back to. */
interface SavedState {
  readonly trainerId: string;
  readonly path: string;
  readonly step: number;
  /** Absent: by another run, before this one rented anything. */
  readonly savedAtMs?: number;
}

/** Why the run must end at the next opportunity. */
export interface Stop {
  readonly reason: string;
  /** The weights are not worth keeping. */
  readonly diverged: boolean;
  /** The checkpoint that the verdict was about, and so the run's result; absent: the weights as they stand. */
  readonly keep?: string;
  /** The run ends for branches to go on from `keep`. */
  readonly branch?: true;
  /** Somebody else said so, not the run's own policy. */
  readonly requested?: true;
}

/** What became of syncing and evaluating a checkpoint. */
export type Proof =
  | ({ readonly kind: 'proved'; readonly checkpoint: Checkpoint } & Scores)
  /** What is wrong is on the serving side; training may go on. */
  | { readonly kind: 'unproved'; readonly checkpoint: Checkpoint; readonly reason: string };

export interface RunState {
  phase: Phase;
  /** Optimizer steps applied to the weights that the trainer holds. */
  step: number;
  generation: number;
  /** Next sequence number of the model's requests: only the workflow hands them out. */
  nextSeq: number;
  chain: ChainState;
  checkpoints: CheckpointReport[];
  rewinds: Rewind[];
  /** How often machines were rented: part of their ids. */
  lease: number;
  plan?: Plan;
  /** Set before the lease is asked for: from then on there may be something to release. */
  trainerId?: string;
  deploymentId?: string;
  target?: Target;
  connection?: Connection;
  restore?: SavedState;
  /** Checkpoint that is synced and evaluated while training goes on. */
  proving?: string;
  /** Of the last checkpoint; its verdict takes effect when the next one is due. */
  proof?: Proof;
  lossMean?: number;
  secondsPerStep?: number;
  /** Tokens trained on; steps done again count again. */
  tokens?: number;
  /** Start of the present lease, moved back by the length of earlier ones. */
  rentedSinceMs?: number;
  /** Rented before a pause. */
  rentedBeforeMs: number;
  stop?: Stop;
  /** Name of the checkpoint that the run ended with: a base, evaluated. */
  result?: string;
  pauseRequested: boolean;
  complete: boolean;
  /** How many records were asked for, and up to which one the store has them. */
  records?: { asked: number; acknowledged: number };
  outcome: RunOutcome;
  reason: string;
  release: Release;
}

/** A run that has everything it needs to train. */
export interface LiveRun {
  readonly input: RunInput;
  readonly state: RunState;
  readonly plan: Plan;
  readonly target: Target;
  readonly connection: Connection;
}

/** A branch begins where its parent was: step numbers, data order and schedule go on. */
export function newState({ parent }: Pick<RunInput, 'parent'>): RunState {
  const restore = parent && { trainerId: parent.trainerId, path: parent.statePath, step: parent.step };
  return {
    phase: 'plan',
    step: parent?.step ?? 0,
    generation: 1,
    nextSeq: 1,
    chain: NEW_CHAIN,
    checkpoints: [],
    rewinds: [],
    lease: 0,
    rentedBeforeMs: 0,
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

export function lastReport(state: RunState): CheckpointReport | undefined {
  return state.checkpoints.at(-1);
}

/** The newest checkpoint that was evaluated. */
export function lastEvaluated(state: RunState): Checkpoint | undefined {
  return state.checkpoints.findLast(({ evaluation }) => evaluation !== undefined)?.checkpoint;
}

/** Adds what became known of a checkpoint to its row. */
export function noteCheckpoint(
  state: RunState,
  checkpoint: Checkpoint,
  facts: Partial<Scores> & { verdict?: Verdict } = {},
): void {
  const index = state.checkpoints.findIndex((report) => report.checkpoint.name === checkpoint.name);
  if (index === -1) state.checkpoints.push({ checkpoint, ...facts });
  else state.checkpoints[index] = { ...state.checkpoints[index], ...facts, checkpoint };
}

export function rentedHours(state: RunState, nowMs: number): number {
  return (state.rentedSinceMs === undefined ? state.rentedBeforeMs : nowMs - state.rentedSinceMs) / 3_600_000;
}

export function used(state: RunState, nowMs: number): Used {
  const hours = rentedHours(state, nowMs);
  return { hours, cost: hours * (state.plan?.costPerHour ?? 0), tokens: state.tokens ?? 0 };
}

function bestReport(state: RunState, policy: RunInput['spec']['policy']): CheckpointReport | undefined {
  const name = branchPoint(policy, judgedEvaluations(policy, state.checkpoints));
  return state.checkpoints.find(({ checkpoint }) => checkpoint.name === name);
}

export function report({ runId, spec }: RunInput, state: RunState): RunReport {
  return {
    runId,
    outcome: 'finished',
    reason: state.reason,
    steps: state.step,
    release: state.release,
    ...defined({ best: bestReport(state, spec.policy), last: lastReport(state) }),
  };
}

export function status({ runId, spec }: RunInput, state: RunState): RunStatus {
  const scores = judgedEvaluations(spec.policy, state.checkpoints);
  return {
    runId,
    phase: state.phase,
    step: state.step,
    steps: spec.train.steps,
    generation: state.generation,
    stopRequested: state.stop !== undefined,
    pauseRequested: state.pauseRequested,
    rewinds: state.rewinds.length,
    ...defined({
      lossMean: state.lossMean,
      secondsPerStep: state.secondsPerStep,
      checkpoint: lastReport(state)?.checkpoint.name,
      identity: state.chain.confirmed,
      score: scores.at(-1)?.score,
      baselineScore: scores[0]?.score,
      bestScore: best(spec.policy.direction, scores)?.score,
      rentedSinceMs: state.rentedSinceMs,
      costPerHour: state.plan?.costPerHour,
      proving: state.proving,
    }),
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** A field that can be absent is absent, not undefined. */
function defined<T extends Record<string, unknown>>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
