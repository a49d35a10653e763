/**
 * References that no answer can equal: what the tokenizer makes of a text may be another text (its normalizer composes
 * accents, lowers case, or knows no such character), and a model only ever writes what its tokenizer can.
 */
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import { openPromptSet } from '../data/prompt-set.ts';
import { threadTokenizer } from '../data/thread-tokenizer.ts';
import type { TextTokenizer } from '../data/tokenizer.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { TextGrader } from './grader.ts';
import { normalized, type NormalForm } from './normal-form.ts';
import { textGrader, type TextGraderSpec } from './text-graders.ts';

export interface ReachableSearch {
  /** Of the artifacts. */
  readonly folder: string;
  readonly promptSet: string;
  /** Path. */
  readonly tokenizer: string;
  readonly grader: TextGraderSpec;
  readonly normalize: NormalForm;
  /** Prompts that are asked; default: all. */
  readonly limit?: number | undefined;
}

export interface Unreachable {
  readonly count: number;
  readonly of: number;
  readonly first: {
    /** Position in the set, from 1. */
    readonly number: number;
    readonly reference: string;
    /** What the tokenizer makes of it; absent: it refuses it. */
    readonly written?: string;
  };
  /** How many would be left with `normalize: nfc`. */
  readonly inNfc: number;
}

/** References of these say what an answer is like, and are none. */
const DESCRIBED: ReadonlySet<string> = new Set(['regex', 'json_schema']);

/** Undefined: all can be reached. A reference that its grader does not count as right itself is no answer, and is left alone. */
export async function unreachable(search: ReachableSearch): Promise<Unreachable | undefined> {
  const { folder, promptSet, normalize, limit } = search;
  const name = typeof search.grader === 'string' ? search.grader : search.grader.name;
  if (DESCRIBED.has(name)) return undefined;
  const prompts = (await openPromptSet(openArtifacts(folder), promptSet)).slice(0, limit);
  const tokenizer = await threadTokenizer(search.tokenizer);
  const grader = textGrader(search.grader);
  let count = 0;
  let inNfc = 0;
  let first: Unreachable['first'] | undefined;
  for (const [index, { reference }] of prompts.entries()) {
    const written = rewritten(reference, tokenizer);
    if (isReached({ written, reference }, grader, normalize)) continue;
    count += 1;
    if (!isReached({ written, reference }, grader, 'nfc')) inNfc += 1;
    first ??= { number: index + 1, reference, ...(written !== undefined && { written }) };
  }
  return first && { count, of: prompts.length, first, inNfc };
}

/** Undefined: the tokenizer refuses it. */
function rewritten(reference: string, tokenizer: TextTokenizer): string | undefined {
  try {
    return tokenizer.write(tokenizer.encode(reference));
  } catch (error) {
    if (error instanceof PawlError) return undefined;
    throw error;
  }
}

function isReached(
  { written, reference }: { written: string | undefined; reference: string },
  grader: TextGrader,
  form: NormalForm,
): boolean {
  const wanted = normalized(reference, form);
  const best = grader.score(wanted, wanted);
  if (best === 0) return true;
  if (written === undefined) return false;
  const answer = normalized(written, form);
  // Some decoders begin a text with a blank.
  return [answer, answer.trim()].some((text) => grader.score(text, wanted) >= best);
}
