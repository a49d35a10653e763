/** Answers to read: what was asked, answered and expected, side by side with what another checkpoint answered. */
import { MAIN_SUITE } from '../../domain/words/names.ts';
import { comparable } from '../../domain/words/suites.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { readPrompts } from '../../store/artifacts/prompt-set-file.ts';
import type { Endings, StoreReader, StoredAnswer } from '../../store/index.ts';
import { UserError } from '../errors.ts';
import { patternOf } from '../pattern.ts';
import { findEvaluation } from './evaluation-reference.ts';
import type { lookUpCheckpoint } from '../lineage/checkpoint-reference.ts';

export interface SamplesRequest {
  /** `RUN@STEP`, `RUN` for its last checkpoint's, or the id of an evaluation. */
  readonly of: string;
  /** Default: the main one. */
  readonly suite?: string;
  /** Another checkpoint's answers beside them. */
  readonly beside?: string;
  /** Of the prompts on which the other one scored more only. */
  readonly worse?: boolean;
  /** Only answers that are not wholly right, or missing. */
  readonly failed?: boolean;
  /** Only prompts with this in the prompt, an answer or the reference: a regular expression, capitals or not. */
  readonly grep?: string;
  /** Prompts. Default: 10. */
  readonly limit?: number;
  /** Only prompts behind this one, counted from 1. */
  readonly after?: number;
}

export interface AnsweredPrompt {
  /** In its set, from 1. */
  readonly number: number;
  /** Absent: the prompt set is not on this machine any more. */
  readonly prompt?: string;
  readonly reference?: string;
  readonly answers: readonly StoredAnswer[];
  /** Of the other checkpoint, to the same prompt. */
  readonly beside?: readonly StoredAnswer[];
}

export interface AnswersOf {
  readonly runId: string;
  readonly evaluation: Evaluation;
  readonly endings: Endings;
}

export interface Samples {
  readonly of: AnswersOf;
  readonly beside?: AnswersOf;
  readonly prompts: readonly AnsweredPrompt[];
  /** More may follow behind this number. */
  readonly next?: number;
}

interface Ports {
  /** Absent: no worker has made a store. */
  readonly reader: StoreReader | undefined;
  readonly artifacts: Pick<Artifacts, 'read'> | undefined;
  readonly resolve: Parameters<typeof lookUpCheckpoint>[1]['resolve'];
}

const LIMIT = 10;
/** Answers of one reading. */
const PAGE = 200;

export async function readSamples(ports: Ports, request: SamplesRequest): Promise<Samples> {
  const { reader, resolve } = ports;
  if (reader === undefined) throw new UserError('Nothing is recorded here yet.', 'A worker makes a store: `pawl up`.');
  const find = (reference: string): Promise<AnswersOf> => answersOf({ reader, resolve }, reference, request.suite);
  const of = await find(request.of);
  const beside = request.beside === undefined ? undefined : await find(request.beside);
  const only = request.worse === true && beside !== undefined ? await worse(reader, of, beside) : undefined;
  const groups = groupsOf(reader, of.evaluation.id, { ...request, only });
  const artifacts = await readable(ports.artifacts, of.evaluation);
  const { prompts, next } = await page(withPrompts(artifacts, of.evaluation, groups), request);
  return {
    of,
    ...(beside !== undefined && { beside }),
    prompts: beside === undefined ? prompts : await joined(reader, { of, beside }, prompts),
    ...(next !== undefined && { next }),
  };
}

/** As many as are wanted of those that match, and whether there are more. */
async function page(
  all: AsyncGenerator<AnsweredPrompt>,
  { grep, limit = LIMIT }: SamplesRequest,
): Promise<Pick<Samples, 'prompts' | 'next'>> {
  const matches = matcher(grep);
  const prompts: AnsweredPrompt[] = [];
  for await (const prompt of all) {
    if (!matches(prompt)) continue;
    const last = prompts.at(-1);
    if (last !== undefined && prompts.length === limit) return { prompts, next: last.number };
    prompts.push(prompt);
  }
  return { prompts };
}

async function answersOf(
  { reader, resolve }: { reader: StoreReader; resolve: Ports['resolve'] },
  reference: string,
  suite?: string,
): Promise<AnswersOf> {
  const named = suite === undefined || reference.includes('/') ? reference : `${reference}:${suite}`;
  const { evaluation, subject } = await findEvaluation(named, { reader, resolve });
  const endings = await reader.endings(evaluation.id);
  if (Object.keys(endings).length > 0) return { runId: subject.runId, evaluation, endings };
  throw new UserError(
    `The answers of ${evaluation.checkpoint} of ${subject.runId} in suite ${evaluation.suite ?? MAIN_SUITE} were removed (pawl gc).`,
    'Its score stays; to have answers again: pawl reproduce.',
  );
}

/** Numbers of the prompts on which the other one scored more, in order. */
async function worse(reader: StoreReader, of: AnswersOf, beside: AnswersOf): Promise<readonly number[]> {
  if (!comparable(of.evaluation, beside.evaluation)) {
    throw new UserError(
      'The two were asked other prompts, or graded or sampled otherwise: neither is worse than the other.',
      'To read them side by side all the same: --beside.',
    );
  }
  const scores = await reader.promptScores(of.evaluation.id);
  const others = new Map(
    (await reader.promptScores(beside.evaluation.id)).map(({ promptHash, score }) => [promptHash, score]),
  );
  const numbers = await reader.promptNumbers(of.evaluation.id);
  return scores
    .filter(({ promptHash, score }) => score < (others.get(promptHash) ?? -Infinity))
    .flatMap(({ promptHash }) => numbers.get(promptHash) ?? [])
    .sort((a, b) => a - b);
}

interface Wanted extends SamplesRequest {
  /** Numbers, from 0. */
  readonly only: readonly number[] | undefined;
}

/** The answers of a prompt at a time, page by page. */
async function* groupsOf(
  reader: StoreReader,
  evaluationId: string,
  { failed = false, after = 0, only }: Wanted,
): AsyncGenerator<readonly StoredAnswer[]> {
  let group: StoredAnswer[] = [];
  for await (const answer of answersIn(reader, evaluationId, { failed, from: after, only })) {
    if (group[0] !== undefined && group[0].promptIndex !== answer.promptIndex) {
      yield group;
      group = [];
    }
    group.push(answer);
  }
  if (group.length > 0) yield group;
}

async function* answersIn(
  reader: StoreReader,
  evaluationId: string,
  { failed, from, only }: { failed: boolean; from: number; only: readonly number[] | undefined },
): AsyncGenerator<StoredAnswer> {
  const left = only?.filter((number) => number >= from);
  if (left !== undefined) {
    for (let at = 0; at < left.length; at += PAGE) {
      yield* pages(reader, evaluationId, { failed, prompts: left.slice(at, at + PAGE) });
    }
    return;
  }
  yield* pages(reader, evaluationId, { failed, ...(from > 0 && { after: { promptIndex: from, sampleIndex: -1 } }) });
}

async function* pages(
  reader: StoreReader,
  evaluationId: string,
  asked: Omit<Parameters<StoreReader['answers']>[1], 'limit'>,
): AsyncGenerator<StoredAnswer> {
  let page = asked;
  for (;;) {
    const rows = await reader.answers(evaluationId, { ...page, limit: PAGE });
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    page = { ...asked, after: last };
  }
}

async function* withPrompts(
  artifacts: Ports['artifacts'],
  { promptSet }: Evaluation,
  groups: AsyncGenerator<readonly StoredAnswer[]>,
): AsyncGenerator<AnsweredPrompt> {
  let answers: readonly StoredAnswer[] = [];
  const numbers = async function* (): AsyncGenerator<number> {
    for await (const group of groups) {
      answers = group;
      const [first] = group;
      if (first !== undefined) yield first.promptIndex;
    }
  };
  if (artifacts === undefined) {
    for await (const number of numbers()) yield { number: number + 1, answers };
    return;
  }
  for await (const [number, { prompt, reference }] of readPrompts(artifacts, promptSet, numbers())) {
    yield { number: number + 1, prompt, reference, answers };
  }
}

/** Undefined: the set is not here any more, or never was. */
async function readable(artifacts: Ports['artifacts'], { promptSet }: Evaluation): Promise<Ports['artifacts']> {
  return artifacts?.read(promptSet, { offset: 0, length: 1 }).then(
    () => artifacts,
    () => undefined,
  );
}

/** What the other one answered, by the prompt itself: sets may have it in another place. */
async function joined(
  reader: StoreReader,
  { of, beside }: { of: AnswersOf; beside: AnswersOf },
  prompts: readonly AnsweredPrompt[],
): Promise<AnsweredPrompt[]> {
  const numbers =
    of.evaluation.promptSet === beside.evaluation.promptSet
      ? undefined
      : await reader.promptNumbers(beside.evaluation.id);
  const placeOf = ({ number, answers }: AnsweredPrompt): number | undefined =>
    numbers === undefined ? number - 1 : numbers.get(answers[0]?.promptHash ?? '');
  const wanted = prompts.map(placeOf).filter((place) => place !== undefined);
  const found = new Map<number, StoredAnswer[]>();
  for (let at = 0; at < wanted.length; at += PAGE) {
    const some = wanted.slice(at, at + PAGE).sort((a, b) => a - b);
    for await (const answer of pages(reader, beside.evaluation.id, { prompts: some })) {
      found.set(answer.promptIndex, [...(found.get(answer.promptIndex) ?? []), answer]);
    }
  }
  return prompts.map((prompt) => ({ ...prompt, beside: found.get(placeOf(prompt) ?? -1) ?? [] }));
}

function matcher(pattern: string | undefined): (prompt: AnsweredPrompt) => boolean {
  if (pattern === undefined) return () => true;
  const expression = patternOf(pattern, `--grep ${pattern}`);
  return ({ prompt = '', reference = '', answers }) =>
    [prompt, reference, ...answers.map(({ text = '' }) => text)].some((text) => expression.test(text));
}
