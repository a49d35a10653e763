/** Prompts with two answers, of which the model is to find one likelier: rows of preference data as prompts. */
import { z } from 'zod';
import type { Conversation } from './messages.ts';
import { preferenceRows } from './preference-rows.ts';
import type { TrainingRow } from './training-rows.ts';

interface Answers {
  /** The chosen one. */
  readonly reference: string;
  readonly rejected: string;
  readonly tags: string[];
}

/** As rows of prompts are otherwise, with the answer that was rejected. */
type Comparison = Answers & ({ readonly prompt: string } | { readonly conversation: Conversation });

export function isComparison(row: unknown): row is object {
  if (typeof row !== 'object' || row === null) return false;
  return 'rejected' in row || 'chosen' in row || 'preferred_output' in row;
}

const Tags = z.array(z.string()).default([]);
const { schema: Pair } = preferenceRows('pairs');

/** The chosen answer may be called the reference, as it is in other rows. */
export function comparisonOf(row: object, fail: (message: string, path: PropertyKey[]) => void): Comparison {
  const { tags: told, reference, ...rest } = row as Record<string, unknown>;
  const tags = Tags.safeParse(told);
  const pair = Pair.safeParse('chosen' in rest || reference === undefined ? rest : { ...rest, chosen: reference });
  for (const [parsed, at] of [[tags, ['tags']] as const, [pair, []] as const]) {
    for (const { message, path } of parsed.error?.issues ?? []) fail(message, [...at, ...path]);
  }
  if (!tags.success || !pair.success || pair.data.second === undefined) return z.NEVER;
  const { first, second } = pair.data;
  const good = questionOf(first);
  const bad = questionOf(second);
  if (good === undefined || bad === undefined) {
    fail('chosen and rejected: a suite compares single answers that are text', []);
    return z.NEVER;
  }
  return { ...good.question, reference: good.answer, rejected: bad.answer, tags: tags.data };
}

/** Undefined: more than one message, or none that is text. */
function questionOf(row: TrainingRow):
  | {
      readonly question: { readonly prompt: string } | { readonly conversation: Conversation };
      readonly answer: string;
    }
  | undefined {
  if (row.kind === 'text') return { question: { prompt: row.prompt }, answer: row.completion };
  const { conversation, weights } = row;
  const messages = conversation.messages.slice(0, -1);
  const content = conversation.messages.at(-1)?.['content'];
  if (weights.lastIndexOf(0) !== messages.length - 1 || typeof content !== 'string') return undefined;
  return { question: { conversation: { ...conversation, messages } }, answer: content };
}
