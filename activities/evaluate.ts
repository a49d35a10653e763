/**
 * Evaluation is evidence: one prompt set, sampled through the deployment from one identity that every replica reported
 * before and after. Samples are kept as they come, so that a retry draws only those that are missing.
 */
import {
  metricOf,
  type Activities,
  type Evaluation,
  type EvaluationInput,
  type EvaluationOutcome,
} from '../workflows/contracts.ts';
import { drawMissing } from './draw-samples.ts';
import { BackendError, PawlError } from './errors.ts';
import { warnIfFrozen } from './frozen.ts';
import { openGrader, type GraderPorts } from './grading/graders.ts';
import { interval } from './grading/statistics.ts';
import { signal } from './guard.ts';
import type { Backend } from './ports.ts';
import { connected } from './session.ts';
import type { SampleRecord, Store } from './store/index.ts';

/** More missing samples than this, and the score would speak of another prompt set. */
const MAX_MISSING_FRACTION = 0.05;

interface Ports extends GraderPorts {
  readonly backend: Backend;
  readonly store: Store;
}

export function evaluating(ports: Ports): Pick<Activities, 'evaluate'> {
  return {
    evaluate(input) {
      return connected(ports.backend, input.connection, () => evaluate(ports, input));
    },
  };
}

async function evaluate(ports: Ports, input: EvaluationInput): Promise<EvaluationOutcome> {
  const { store } = ports;
  const before = await strangers(ports.backend, input);
  const during = before === undefined ? await drawMissing(ports, input) : {};
  const after =
    before === undefined && during.strange === undefined ? await strangers(ports.backend, input) : undefined;
  const reason = tell(before, 'before sampling') ?? during.strange ?? tell(after, 'after sampling');
  if (reason !== undefined) {
    await store.saveEvaluation(input.runId, { kind: 'void', ...subject(input), reason });
    return { kind: 'void', reason };
  }
  const samples = await store.samples(input.evaluationId);
  requireEnough(samples, during.refused);
  const { binary } = await openGrader(ports, input.evaluate.grader, input.plan.graderModule);
  const evaluation = score(input, samples, binary);
  await warnIfFrozen(store, input.runId, evaluation, samples);
  await store.saveEvaluation(input.runId, { kind: 'scored', ...evaluation });
  return { kind: 'scored', evaluation };
}

/** What replicas serve instead of the checkpoint's identity; nothing when every one is ready and serves it. */
async function strangers(backend: Backend, { target, checkpoint }: EvaluationInput): Promise<string | undefined> {
  const replicas = await backend.weightSync.replicas(target, signal());
  if (replicas.length < target.replicas) return `${replicas.length} of ${target.replicas} replicas answer`;
  const stranger = replicas.findIndex(({ ready, loaded }) => !ready || !loaded.includes(checkpoint.identity));
  if (stranger === -1) return undefined;
  const serves = replicas[stranger]?.identity ?? 'its original weights';
  return `replica ${stranger + 1} of ${replicas.length} serves ${serves}, not ${checkpoint.identity}`;
}

function tell(strange: string | undefined, when: string): string | undefined {
  return strange === undefined ? undefined : `${when}, ${strange}`;
}

function subject({
  evaluationId,
  checkpoint,
  plan,
  evaluate: { grader },
  appraisal,
}: EvaluationInput): Pick<
  Evaluation,
  'id' | 'checkpoint' | 'step' | 'identity' | 'promptSet' | 'metric' | 'appraisal'
> {
  const { name, step, identity } = checkpoint;
  const about = { checkpoint: name, step, identity, promptSet: plan.promptSet, metric: metricOf(grader) };
  return { id: evaluationId, ...about, ...(appraisal !== undefined && { appraisal }) };
}

/** What is missing since the grader refuses it would be missing again. */
function requireEnough(samples: readonly SampleRecord[], refused: PawlError | undefined): void {
  const missing = samples.filter((sample) => sample.kind === 'missing');
  if (missing.length <= samples.length * MAX_MISSING_FRACTION) return;
  const problem = `${missing.length} of ${samples.length} samples could not be produced`;
  if (refused !== undefined) throw new PawlError(refused.type, `${problem}: ${refused.message}`, { cause: refused });
  throw new BackendError('Unavailable', `${problem}: ${missing[0]?.error ?? 'unknown'}`);
}

function score(input: EvaluationInput, samples: readonly SampleRecord[], binary: boolean): Evaluation {
  const scores = samples.flatMap((sample) => (sample.kind === 'produced' ? [sample.score] : []));
  const { mean, low, high } = interval(scores, { binary });
  return { ...subject(input), score: mean, low, high, samples: scores.length, missing: samples.length - scores.length };
}
