/**
 * Evaluation is evidence: one prompt set, sampled through the deployment from one identity that every replica reported
 * before and after. Samples are kept as they come, so that a retry draws only those that are missing.
 */
import { isLikelihood } from '../../domain/spec/grader-spec.ts';
import { MAIN_SUITE } from '../../domain/words/names.ts';
import { promptsAsked, suiteOf, type EvaluatedSuite } from '../../domain/words/suites.ts';
import { suiteMetric, type SuiteSpec } from '../../domain/spec/suite-spec.ts';
import type { Announcement } from '../../domain/words/announcements.ts';
import type { Activities } from '../../domain/words/run.ts';
import type { EvaluationInput, EvaluationOutcome, Sampling } from '../../domain/words/evaluation.ts';
import { drawMissing } from './draw-samples.ts';
import { BackendError, PawlError } from '../../domain/words/failures-of-calls.ts';
import type { Compute } from '../compute/compute.ts';
import { openExaminer } from './examiner.ts';
import { graderHash, type GraderPorts } from '../grading/graders.ts';
import { openOutputLog } from '../user-code/output-log.ts';
import { promptScores } from '../../domain/decide/statistics/prompt-scores.ts';
import { scoreOf } from '../grading/score-evaluation.ts';
import { recordEvaluation } from './record-evaluation.ts';
import { signal } from '../guard.ts';
import { onTarget } from './on-target.ts';
import type { Backend } from '../ports.ts';
import { connected } from './session.ts';
import { unendedAmong, warnOfUnended } from './unended.ts';
import type { EvaluationSubject, SampleRecord, Store } from '../../store/index.ts';

/** More missing samples than this, and the score would speak of another prompt set. */
const MAX_MISSING_FRACTION = 0.05;

interface Ports extends GraderPorts {
  readonly backend: Backend;
  readonly store: Store;
  readonly compute: Compute;
}

export function evaluating(ports: Ports): Pick<Activities, 'evaluate'> {
  return {
    evaluate(input) {
      return connected(ports.backend, input.connection, () =>
        onTarget(ports.backend, input.target, () => evaluate(ports, input)),
      );
    },
  };
}

async function evaluate(ports: Ports, input: EvaluationInput): Promise<EvaluationOutcome> {
  const { store } = ports;
  const suite = suiteIn(input);
  const subject = subjectOf(input, suite);
  const output = openOutputLog(store, input.runId, { key: subject.id, phase: 'evaluate', of: 'the grader' });
  const examiner = await openExaminer(ports, suite, input.plan, output.onOutput);
  const before = await strangers(ports.backend, input);
  const during = before === undefined ? await output.during(() => drawMissing(ports, input, { suite, examiner })) : {};
  const after =
    before === undefined && during.strange === undefined ? await strangers(ports.backend, input) : undefined;
  const reason = tell(before, 'before sampling') ?? during.strange ?? tell(after, 'after sampling');
  if (reason !== undefined) {
    await saveVoid(store, input, subject, reason);
    return { kind: 'void', reason };
  }
  const samples = await askedSamples(store, input, suite);
  const { passAt } = suite.spec;
  requireEnough(samples, passAt, during.refused);
  const unended = await unendedAmong(ports.artifacts, { suite, samples });
  const evaluation = {
    ...subject,
    ...scoreOf(samples, { ...examiner, passAt }),
    ...(unended > 0 && { unended }),
  };
  await warnOfUnended(store, input.runId, evaluation, suite);
  await recordEvaluation({ ...ports, signal: signal() }, input.runId, evaluation, samples);
  return { kind: 'scored', evaluation };
}

function suiteIn({ evaluate, plan, suite }: EvaluationInput): EvaluatedSuite {
  try {
    return suiteOf(evaluate, plan, suite);
  } catch (cause) {
    throw new PawlError('InvalidRequest', String(cause), { cause });
  }
}

async function saveVoid(
  store: Store,
  { runId }: EvaluationInput,
  subject: EvaluationSubject,
  reason: string,
): Promise<void> {
  const { id, checkpoint, suite = MAIN_SUITE } = subject;
  const of = suite === MAIN_SUITE ? '' : ` (suite ${suite})`;
  const message = `${checkpoint}: the evaluation${of} is void: ${reason}`;
  const told: Announcement = {
    kind: 'evaluation.void',
    subject: { kind: 'run', id: runId },
    ordinal: id,
    title: `${runId}, ${message}`,
    data: { checkpoint, suite, reason },
  };
  await store.saveEvaluation(runId, { kind: 'void', ...subject, reason }, undefined, [told]);
  await store.addEvent(runId, {
    key: `void/${id}`,
    at: new Date().toISOString(),
    phase: 'evaluate',
    level: 'warn',
    message,
  });
}

/** Those that were asked for this time: an earlier call may have asked more prompts. */
async function askedSamples(
  store: Store,
  { evaluationId, limit }: EvaluationInput,
  suite: EvaluatedSuite,
): Promise<readonly SampleRecord[]> {
  const asked = promptsAsked(suite, limit);
  return (await store.samples(evaluationId)).filter(({ promptIndex }) => promptIndex < asked);
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

function subjectOf(input: EvaluationInput, { name, spec, promptSet, graderModule }: EvaluatedSuite): EvaluationSubject {
  const { checkpoint, plan, evaluationId: id, appraisal } = input;
  return {
    id,
    checkpoint: checkpoint.name,
    step: checkpoint.step,
    identity: checkpoint.identity,
    promptSet,
    metric: suiteMetric(spec),
    ...(name !== MAIN_SUITE && { suite: name }),
    ...(appraisal !== undefined && { appraisal }),
    grader: graderHash(spec.grader, graderModule, { ...spec, python: plan.python }),
    sampling: samplingOf(spec, plan.stop),
  };
}

function samplingOf({ grader, ...spec }: SuiteSpec, stop: string | undefined): Sampling {
  const { samplesPerPrompt = 1, passAt } = spec;
  // Nothing is drawn where references are looked at.
  const { temperature, maxTokens } = isLikelihood(grader) ? { temperature: 0, maxTokens: 0 } : spec;
  return {
    temperature,
    maxTokens,
    samplesPerPrompt,
    ...(passAt !== undefined && { passAt }),
    ...(stop !== undefined && { stop }),
  };
}

/** What is missing since the grader refuses it would be missing again. */
function requireEnough(
  samples: readonly SampleRecord[],
  passAt: number | undefined,
  refused: PawlError | undefined,
): void {
  const missing = samples.filter((sample) => sample.kind === 'missing');
  const prompts = new Set(samples.map(({ promptIndex }) => promptIndex)).size;
  const unscored = prompts - promptScores(samples, { passAt }).length;
  if (missing.length <= samples.length * MAX_MISSING_FRACTION && unscored <= prompts * MAX_MISSING_FRACTION) return;
  const without = unscored === missing.length ? '' : `, and ${unscored} of ${prompts} prompts have no score`;
  const problem = `${missing.length} of ${samples.length} samples could not be produced${without}`;
  if (refused !== undefined) throw new PawlError('GraderFailed', `${problem}: ${refused.message}`, { cause: refused });
  throw new BackendError('Unavailable', `${problem}: ${missing[0]?.error ?? 'unknown'}`);
}
