/** What a run carries from step to step: one plain object, so that it can be handed on and shown. */
import { NEW_CHAIN, type ChainState } from './chain.ts';
import type {
  Checkpoint,
  CheckpointReport,
  Connection,
  Evaluation,
  Phase,
  Plan,
  Release,
  RunInput,
  RunOutcome,
  RunStatus,
  Target,
  Verdict,
} from './contracts.ts';
import { best } from './policy.ts';

export interface RunState {
  readonly input: RunInput;
  phase: Phase;
  /** Optimizer steps applied. */
  step: number;
  generation: number;
  /** Next sequence number of the model's requests: only the workflow hands them out. */
  nextSeq: number;
  chain: ChainState;
  checkpoints: CheckpointReport[];
  lossMean?: number;
  secondsPerStep?: number;
  /** Set before the first lease is asked for: from here on there may be something to release. */
  rentedSinceMs?: number;
  costPerHour: number;
  /** Why the run must end at the next opportunity. `diverged`: the weights are not worth keeping. */
  stop?: { reason: string; diverged: boolean };
  outcome: RunOutcome;
  reason: string;
  release: Release;
}

/** A run that has everything it needs to train. */
export interface LiveRun {
  readonly state: RunState;
  readonly plan: Plan;
  readonly target: Target;
  readonly connection: Connection;
}

export function newState(input: RunInput): RunState {
  return {
    input,
    phase: 'plan',
    step: 0,
    generation: 1,
    nextSeq: 1,
    chain: NEW_CHAIN,
    checkpoints: [],
    costPerHour: 0,
    outcome: 'running',
    reason: '',
    release: { trainerState: 'never created', deploymentState: 'never created' },
  };
}

/** Reserves `count` consecutive sequence numbers and returns the first. */
export function takeSeq(state: RunState, count = 1): number {
  const first = state.nextSeq;
  state.nextSeq += count;
  return first;
}

export function evaluations(state: RunState): Evaluation[] {
  return state.checkpoints.flatMap(({ evaluation }) => (evaluation === undefined ? [] : [evaluation]));
}

export function lastCheckpoint(state: RunState): Checkpoint | undefined {
  return state.checkpoints.at(-1)?.checkpoint;
}

/** Adds what became known of a checkpoint to its row. */
export function noteCheckpoint(
  state: RunState,
  checkpoint: Checkpoint,
  facts: { evaluation?: Evaluation; verdict?: Verdict } = {},
): void {
  const index = state.checkpoints.findIndex((report) => report.checkpoint.name === checkpoint.name);
  if (index === -1) state.checkpoints.push({ checkpoint, ...facts });
  else state.checkpoints[index] = { ...state.checkpoints[index], ...facts, checkpoint };
}

export function bestReport(state: RunState): CheckpointReport | undefined {
  const winner = best(state.input.spec.policy.direction, evaluations(state));
  return state.checkpoints.find(({ evaluation }) => evaluation !== undefined && evaluation === winner);
}

export function status(state: RunState): RunStatus {
  const scores = evaluations(state);
  const checkpoint = lastCheckpoint(state)?.name;
  const optional = {
    lossMean: state.lossMean,
    secondsPerStep: state.secondsPerStep,
    checkpoint,
    identity: state.chain.confirmed,
    score: scores.at(-1)?.score,
    baselineScore: scores[0]?.score,
    bestScore: best(state.input.spec.policy.direction, scores)?.score,
    rentedSinceMs: state.rentedSinceMs,
  };
  return {
    runId: state.input.runId,
    phase: state.phase,
    step: state.step,
    steps: state.input.spec.train.steps,
    generation: state.generation,
    costPerHour: state.costPerHour,
    stopRequested: state.stop !== undefined,
    ...defined(optional),
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** A field that can be absent is absent, not undefined. */
function defined<T extends Record<string, unknown>>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
