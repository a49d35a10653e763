/**
 * Evaluation is evidence: one prompt set, sampled through the deployment from one identity that every replica reported
 * before and after. Samples are kept as they come, so that a retry draws only those that are missing.
 */
import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import type { Activities, Evaluation, EvaluationInput, EvaluationOutcome } from '../workflows/contracts.ts';
import type { Artifacts } from './data/artifacts.ts';
import { openPromptSet, type Prompt } from './data/prompt-set.ts';
import { BackendError, PawlError } from './errors.ts';
import { graders } from './grading/graders.ts';
import { interval } from './grading/statistics.ts';
import { signal } from './guard.ts';
import type { Backend, Sample } from './ports.ts';
import { inSession } from './session.ts';
import type { SampleRecord, Store } from './store/index.ts';

/** More missing samples than this, and the score would speak of another prompt set. */
const MAX_MISSING_FRACTION = 0.05;

interface Ports {
  readonly backend: Backend;
  readonly store: Store;
  readonly artifacts: Artifacts;
}

export function evaluating(ports: Ports): Pick<Activities, 'evaluate'> {
  return {
    evaluate({ connection, ...input }) {
      const trainer = ports.backend.trainer(connection.trainerId);
      return inSession(trainer, connection.sessionId, () => evaluate(ports, { connection, ...input }));
    },
  };
}

async function evaluate(ports: Ports, input: EvaluationInput): Promise<EvaluationOutcome> {
  const { store } = ports;
  const before = await strangers(ports.backend, input);
  const during = before === undefined ? await drawMissing(ports, input) : undefined;
  const after = before === undefined && during === undefined ? await strangers(ports.backend, input) : undefined;
  const reason = tell(before, 'before sampling') ?? during ?? tell(after, 'after sampling');
  if (reason !== undefined) {
    await store.saveEvaluation(input.runId, { kind: 'void', ...subject(input), reason });
    return { kind: 'void', reason };
  }
  const evaluation = score(input, await store.samples(input.evaluationId));
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

/** Draws what is not stored yet. Answers why the evaluation is void, if a sample names another identity. */
async function drawMissing(ports: Ports, input: EvaluationInput): Promise<string | undefined> {
  const { store } = ports;
  const prompts = await openPromptSet(ports.artifacts, input.plan.promptSet);
  const kept = await store.samples(input.evaluationId);
  const produced = new Set(kept.filter(({ kind }) => kind === 'produced').map(({ promptIndex }) => promptIndex));
  const missing = [...prompts.entries()].filter(([index]) => !produced.has(index));

  const limit = pLimit(input.evaluate.concurrency);
  const stop = new AbortController();
  const until = AbortSignal.any([signal(), stop.signal]);
  // As many requests listen as are under way, which is no leak.
  setMaxListeners(input.evaluate.concurrency * 4, until);
  let strange: string | undefined;
  const draws = missing.map(([index, prompt]) =>
    limit(async () => {
      until.throwIfAborted();
      const record = await draw(ports.backend, input, { index, prompt }, until);
      if (
        record.kind === 'produced' &&
        (record.servedIdentity ?? input.checkpoint.identity) !== input.checkpoint.identity
      ) {
        strange ??= `prompt ${index} was answered by ${record.servedIdentity}, not ${input.checkpoint.identity}`;
        stop.abort();
        return;
      }
      await store.saveSample(input.evaluationId, record);
    }),
  );
  try {
    await Promise.all(draws);
  } catch (error) {
    stop.abort();
    await Promise.allSettled(draws);
    if (strange === undefined) throw error;
  }
  return strange;
}

async function draw(
  backend: Backend,
  input: EvaluationInput,
  { index, prompt }: { index: number; prompt: Prompt },
  until: AbortSignal,
): Promise<SampleRecord> {
  const key = { promptIndex: index, promptHash: prompt.hash, promptTokens: prompt.tokens.length };
  const { maxTokens, temperature, grader } = input.evaluate;
  const requestId = sampleId(input.evaluationId, index);
  try {
    const sample = await backend.sampler.sample(
      input.target,
      {
        promptTokens: prompt.tokens,
        maxTokens,
        temperature,
        seed: Number.parseInt(requestId.slice(0, 7), 16),
        requestId,
        ...(input.plan.stop !== undefined && { stop: [input.plan.stop] }),
      },
      until,
    );
    const { tokens, text, finishReason, latencyMs, servedIdentity } = sample;
    return {
      kind: 'produced',
      ...key,
      tokens,
      text,
      finishReason,
      latencyMs,
      score: graders[grader].score(text, prompt.reference),
      ...meanLogprob(sample),
      ...(servedIdentity !== undefined && { servedIdentity }),
    };
  } catch (error) {
    // What a retry cannot mend must surface; what it can is missing, and never zero.
    if (until.aborted || !(error instanceof PawlError) || error.type !== 'Unavailable') throw error;
    return { kind: 'missing', ...key, error: error.message };
  }
}

/** The same for every retry of one logical sample: the platform can recognise it, and a seed can be drawn from it. */
function sampleId(evaluationId: string, index: number): string {
  return createHash('sha256').update(`${evaluationId}#${index}`).digest('hex').slice(0, 32);
}

function meanLogprob({ logprobs }: Sample): { meanLogprob?: number } {
  if (logprobs.length === 0) return {};
  return { meanLogprob: logprobs.reduce((sum, value) => sum + value, 0) / logprobs.length };
}

function subject({
  evaluationId,
  checkpoint,
  plan,
  evaluate: { grader },
}: EvaluationInput): Pick<Evaluation, 'id' | 'checkpoint' | 'step' | 'identity' | 'promptSet' | 'metric'> {
  const { name, step, identity } = checkpoint;
  return { id: evaluationId, checkpoint: name, step, identity, promptSet: plan.promptSet, metric: grader };
}

function score(input: EvaluationInput, samples: readonly SampleRecord[]): Evaluation {
  const scores = samples.flatMap((sample) => (sample.kind === 'produced' ? [sample.score] : []));
  const missing = samples.length - scores.length;
  if (missing > samples.length * MAX_MISSING_FRACTION) {
    const failed = samples.find((sample) => sample.kind === 'missing');
    const why = failed?.kind === 'missing' ? failed.error : 'unknown';
    throw new BackendError('Unavailable', `${missing} of ${samples.length} samples could not be produced: ${why}`);
  }
  const { mean, low, high } = interval(scores, { binary: graders[input.evaluate.grader].binary });
  return { ...subject(input), score: mean, low, high, samples: scores.length, missing };
}
