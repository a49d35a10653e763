/** Draws and grades the samples of an evaluation that are not stored yet, each kept as it comes. */
import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import type { Answer, SampleRecord } from '../../domain/words/samples.ts';
import { promptsAsked, type EvaluatedSuite } from '../../domain/words/suites.ts';
import type { EvaluationInput } from '../../domain/words/evaluation.ts';
import { openPromptSet } from '../data/prompt-set.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { Examiner, Question } from './examiner.ts';
import type { GraderPorts } from '../grading/graders.ts';
import { signal } from '../guard.ts';
import { linkedAbort } from '../http/linked-abort.ts';
import type { Backend, Sample, SampleRequest } from '../ports.ts';
import type { Store } from '../../store/index.ts';

interface Ports extends GraderPorts {
  readonly backend: Backend;
  readonly store: Store;
}

interface Drawn {
  /** Why the evaluation is void: a sample named another identity. */
  readonly strange?: string;
  /** The first of the grader's failures that trying again would not mend. */
  readonly refused?: PawlError;
}

/** One logical sample of a prompt. */
interface Wanted extends Question {
  readonly sampleIndex: number;
  /** Drawn by an earlier attempt, and still without a score: only to be graded. */
  readonly answer?: Answer;
}

export async function drawMissing(
  ports: Ports,
  input: EvaluationInput,
  { suite, examiner }: { suite: EvaluatedSuite; examiner: Examiner },
): Promise<Drawn> {
  const { store } = ports;
  const missing = await missingSamples(ports, input, suite);

  const limit = pLimit(input.evaluate.concurrency);
  const stop = linkedAbort(signal());
  const until = stop.signal;
  let strange: string | undefined;
  let refused: PawlError | undefined;
  const draws = missing.map((wanted) =>
    limit(async () => {
      until.throwIfAborted();
      const { promptIndex, sampleIndex, prompt } = wanted;
      const id = sampleId(input.evaluationId, promptIndex, sampleIndex);
      // Asked under an id of its own in any case: else a platform that remembers could answer from memory.
      const seedId = sampleId(input.seedsOf ?? input.evaluationId, promptIndex, sampleIndex);
      const key = { promptIndex, sampleIndex, promptHash: prompt.hash, promptTokens: prompt.tokens.length };
      const request = { ...examiner.ask(wanted), seed: seedOf(seedId), requestId: id };
      const replied = await replies(examiner, wanted, request, (one) => draw(ports.backend, input, one, until));
      if (replied instanceof PawlError) {
        await store.saveSample(input.evaluationId, { kind: 'missing', ...key, error: replied.message });
        return;
      }
      const { reply, other } = replied;
      const stranger = strangerOf(replied, input.checkpoint.identity);
      if (stranger !== undefined) {
        strange ??= `prompt ${promptIndex} was answered by ${stranger}, not ${input.checkpoint.identity}`;
        stop.abort();
        return;
      }
      const sample = examiner.read(reply, wanted);
      const about = { id, signal: until, ...(other !== undefined && { other }) };
      const score = await grade(examiner, sample, wanted, about);
      if (score instanceof PawlError && score.type !== 'Unavailable') refused ??= score;
      await store.saveSample(input.evaluationId, recordOf(key, { sample, score, draws: examiner.draws }));
    }),
  );
  try {
    await Promise.all(draws);
  } catch (error) {
    stop.abort();
    await Promise.allSettled(draws);
    if (strange === undefined) throw error;
  } finally {
    stop.clear();
  }
  return { ...(strange !== undefined && { strange }), ...(refused !== undefined && { refused }) };
}

/** What is not stored yet: a first sample of every prompt before a second of any. */
async function missingSamples(
  { store, artifacts }: Ports,
  { evaluationId, limit }: EvaluationInput,
  suite: EvaluatedSuite,
): Promise<Wanted[]> {
  const prompts = await openPromptSet(artifacts, suite.promptSet);
  const asked = prompts.slice(0, promptsAsked(suite, limit));
  const known = await store.samples(evaluationId);
  const keyOf = (one: Pick<Wanted, 'promptIndex' | 'sampleIndex'>): string => `${one.promptIndex}.${one.sampleIndex}`;
  const produced = new Set(known.filter(({ kind }) => kind === 'produced').map(keyOf));
  const answers = new Map(
    known.flatMap((one) => (one.kind === 'missing' && one.answer ? [[keyOf(one), one.answer] as const] : [])),
  );
  const rounds = Array.from({ length: suite.spec.samplesPerPrompt ?? 1 }, (_, sampleIndex) =>
    asked.map((prompt, promptIndex) => ({ promptIndex, sampleIndex, prompt })),
  );
  return rounds
    .flat()
    .filter((wanted) => !produced.has(keyOf(wanted)))
    .map((wanted) => {
      const answer = answers.get(keyOf(wanted));
      return answer === undefined ? wanted : { ...wanted, answer };
    });
}

interface Replies {
  readonly reply: Kept;
  /** What was read of another answer, where two are compared. */
  readonly other?: Sample;
}

/** What was kept, or is asked for: both answers, where two are compared. */
async function replies(
  { other }: Examiner,
  wanted: Wanted,
  request: SampleRequest,
  ask: (request: SampleRequest) => Promise<Sample | PawlError>,
): Promise<Replies | PawlError> {
  const reply = wanted.answer === undefined ? await ask(request) : kept(wanted.answer);
  if (reply instanceof PawlError || other === undefined) return reply instanceof PawlError ? reply : { reply };
  const requestId = createHash('sha256').update(`${request.requestId}/other`).digest('hex').slice(0, 32);
  const second = await ask({ ...request, ...other.ask(wanted), requestId });
  return second instanceof PawlError ? second : { reply, other: other.read(second, wanted) };
}

/** Another identity than the one that is asked, if one answered. */
function strangerOf({ reply, other }: Replies, identity: string): string | undefined {
  return [reply, other].map((one) => one?.servedIdentity ?? identity).find((served) => served !== identity);
}

/** What a retry cannot mend must surface; what it can is missing, and never zero. */
async function draw(
  backend: Backend,
  { target }: EvaluationInput,
  request: SampleRequest,
  until: AbortSignal,
): Promise<Sample | PawlError> {
  try {
    return await backend.sampler.sample(target, request, until);
  } catch (error) {
    if (until.aborted || !(error instanceof PawlError) || error.type !== 'Unavailable') throw error;
    return error;
  }
}

/** An answer that could not be graded is missing too: nobody knows what it is worth. */
async function grade(
  examiner: Examiner,
  sample: Sample,
  question: Question,
  about: Parameters<Examiner['score']>[2],
): Promise<number | PawlError> {
  try {
    return await examiner.score(sample, question, about);
  } catch (error) {
    if (about.signal.aborted || !(error instanceof PawlError)) throw error;
    return error;
  }
}

type Key = Pick<SampleRecord, 'promptIndex' | 'sampleIndex' | 'promptHash' | 'promptTokens'>;

/** An answer without a score is kept, for a grader that comes back; what is only looked at can be asked again. */
function recordOf(
  key: Key,
  { sample, score, draws }: { sample: Kept; score: number | PawlError; draws: boolean },
): SampleRecord {
  const answer = answerOf(sample);
  if (!(score instanceof PawlError)) return { kind: 'produced', ...key, ...answer, score };
  return { kind: 'missing', ...key, error: `not graded: ${score.message}`, ...(draws && { answer }) };
}

function answerOf(sample: Kept): Answer {
  const { tokens, text, finishReason, latencyMs, servedIdentity } = sample;
  return {
    tokens,
    text,
    finishReason,
    latencyMs,
    ...meanLogprob(sample),
    ...(servedIdentity !== undefined && { servedIdentity }),
  };
}

/** A reply as it came, or as it was kept. */
interface Kept extends Sample {
  readonly meanLogprob?: number;
}

/** What is graded of an answer is its text; its likelihood was kept as a mean. */
function kept(answer: Answer): Kept {
  return { ...answer, finishReason: answer.finishReason as Sample['finishReason'], logprobs: [] };
}

/** The same for every retry of one logical sample: the platform can recognise it, and a seed can be drawn from it. */
function sampleId(evaluationId: string, promptIndex: number, sampleIndex: number): string {
  const sample = sampleIndex === 0 ? '' : `.${sampleIndex}`;
  return createHash('sha256').update(`${evaluationId}#${promptIndex}${sample}`).digest('hex').slice(0, 32);
}

function meanLogprob({ logprobs, meanLogprob: known }: Kept): { meanLogprob?: number } {
  if (known !== undefined) return { meanLogprob: known };
  if (logprobs.length === 0) return {};
  return { meanLogprob: logprobs.reduce((sum, value) => sum + value, 0) / logprobs.length };
}

function seedOf(id: string): number {
  return Number.parseInt(id.slice(0, 7), 16);
}
