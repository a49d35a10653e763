/** What of a suite is worth a look before it is asked, and no reason to refuse it. */
import { isLikelihood } from '../../domain/spec/grader-spec.ts';
import type { SuiteSpec } from '../../domain/spec/suite-spec.ts';
import { MAIN_SUITE } from '../../domain/words/names.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import type { Compute } from '../compute/compute.ts';
import type { Unreachable } from '../grading/reachable.ts';
import { isTextGrader } from '../grading/text-graders.ts';

export interface SuiteNote {
  /** Of the suite, and of what is told: the same for the same note. */
  readonly key: string;
  readonly level: 'info' | 'warn';
  readonly message: string;
}

interface Room {
  /** Of a prompt. */
  readonly maxTokens: number;
  /** Of the answer that must fit behind it. */
  readonly answerTokens: number;
}

/**
 * What the context leaves to a prompt: all but the longest answer that is asked for. Where no prompt would leave room for
 * that, the setting is the reason and not the prompt: then a token must fit.
 */
export function roomFor({ grader, maxTokens }: SuiteSpec, contextTokens: number): Room {
  const answerTokens = isLikelihood(grader) || maxTokens >= contextTokens ? 1 : maxTokens;
  return { maxTokens: contextTokens - answerTokens, answerTokens };
}

interface Noted {
  readonly name: string;
  readonly spec: SuiteSpec;
  readonly promptSet: string;
  readonly model: {
    readonly chat: { readonly tokenizer: string };
    readonly contextTokens: number;
    readonly signal: AbortSignal;
  };
}

/** Of a suite that draws answers. */
export async function* suiteNotes(
  { artifacts, compute }: { artifacts: Artifacts; compute: Compute },
  { name, spec, promptSet, model }: Noted,
): AsyncGenerator<SuiteNote> {
  const of = name === MAIN_SUITE ? 'the evaluation' : `suite ${name}`;
  const keyOf = (what: string): string => (name === MAIN_SUITE ? what : `${what}/${name}`);
  const { contextTokens, chat, signal } = model;
  if (spec.maxTokens >= contextTokens) {
    const message =
      `maxTokens (${spec.maxTokens}) of ${of} is more than the model’s context (${contextTokens}) has room for: ` +
      'answers end where the context does';
    yield { key: keyOf('room'), level: 'info', message };
  }
  if (!isTextGrader(spec.grader)) return;
  const search = { folder: artifacts.location, promptSet, tokenizer: chat.tokenizer, normalize: spec.normalize };
  const found = await compute.run(
    'grading.unreachable',
    { ...search, grader: spec.grader, limit: spec.limit },
    { signal, timeoutMs: SEARCH_MS, what: `the references of ${of}` },
  );
  if (found !== undefined) yield { key: keyOf('unreachable'), level: 'warn', message: unreachableText(found, of) };
}

/** Generous: sets may be large, and a machine may have little time for us. */
const SEARCH_MS = 60 * 60_000;

function unreachableText({ count, of: all, first, inNfc }: Unreachable, of: string): string {
  const { number, reference, written } = first;
  const becomes =
    written === undefined ? 'which the tokenizer cannot write' : `of which the tokenizer makes ${spelled(written)}`;
  const what = count === 1 ? 'reference' : 'references';
  return (
    `${count} of ${all} ${what} of ${of} cannot be reached by any answer of this tokenizer; ` +
    `the first is that of prompt ${number}, ${spelled(reference)}, ${becomes}: ${remedyOf(count, inNfc)}`
  );
}

function remedyOf(count: number, inNfc: number): string {
  if (inNfc === 0) return 'set normalize: nfc beside the grader, which compares both in one form';
  const write = 'write references as the tokenizer does, or choose a grader that does not mind';
  return inNfc === count ? write : `normalize: nfc beside the grader leaves ${inNfc} of them; ${write}`;
}

const LONGEST = 60;

/** In ASCII, since two forms of one letter look alike. */
function spelled(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return JSON.stringify(short).replaceAll(
    /[\u0080-\u2025\u2027-\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
