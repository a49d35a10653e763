/** What a run answers and reports, from the state that it carries. */
import { bestOf } from '../../domain/decide/course.ts';
import { rentedMs } from '../../domain/decide/clock.ts';
import { proofWorkflowId } from '../../domain/words/proof.ts';
import type { RunReport, RunStatus } from '../../domain/words/run.ts';
import { unevaluatedSteps, type Run, type RunState } from './state.ts';

/** How long the platform keeps a saved state (protocol note, section 3.11). */
const KEPT_MS = 30 * 24 * 3_600_000;

export function report({ input: { runId }, state }: Run): RunReport {
  const { best, last } = state;
  return {
    runId,
    outcome: 'finished',
    reason: state.reason,
    steps: state.step,
    release: state.release,
    ...defined({ best, last }),
  };
}

export function status({ input: { runId, spec }, state }: Run, nowMs: number): RunStatus {
  const { course, clock, proof } = state;
  const unevaluated = unevaluatedSteps(state);
  return {
    runId,
    standing: state.standing,
    phase: state.phase,
    step: state.step,
    steps: spec.train.steps,
    generation: state.generation,
    stopRequested: state.stop !== undefined,
    pauseRequested: state.pauseRequested,
    rewinds: state.losses.rewinds,
    ...defined({
      waitsFor: state.waitsFor,
      unevaluatedSteps: unevaluated === 0 ? undefined : unevaluated,
      saved: savedOf(state),
      lossMean: state.lossMean,
      secondsPerStep: state.secondsPerStep,
      checkpoint: state.last?.checkpoint.name,
      identity: state.chain.confirmed,
      score: course.latest?.score,
      baselineScore: course.baseline?.score,
      bestScore: bestOf(spec.policy, course)?.score,
      // Moved back by the length of earlier leases.
      rentedSinceMs: clock.sinceMs === undefined ? undefined : nowMs - rentedMs(clock, nowMs),
      costPerHour: state.plan?.costPerHour,
      changes: state.changes,
      asked: state.asked,
      ...provingOf(runId, proof),
    }),
  };
}

function provingOf(runId: string, proof: RunState['proof']): Pick<RunStatus, 'proofWorkflow' | 'proving'> {
  if (proof === undefined || proof.result !== undefined) return {};
  return {
    proofWorkflow: proofWorkflowId(runId, proof.number),
    ...(proof.beside && { proving: proof.checkpoint.name }),
  };
}

function savedOf({ restore }: RunState): RunStatus['saved'] {
  if (restore?.checkpoint === undefined) return undefined;
  const { checkpoint, step, savedAtMs } = restore;
  return { checkpoint, step, ...(savedAtMs !== undefined && { untilMs: savedAtMs + KEPT_MS }) };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** A field that can be absent is absent, not undefined. */
function defined<T extends Record<string, unknown>>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
