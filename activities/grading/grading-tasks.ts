/** What threads do for text graders. */
import type { Refusal, TextGrader } from './grader.ts';
import { textGrader, type TextGraderSpec } from './text-graders.ts';

/** Most recent last. */
const opened = new Map<string, TextGrader>();
const MAX_OPENED = 8;

function graderOf(spec: TextGraderSpec): TextGrader {
  const key = JSON.stringify(spec);
  const grader = opened.get(key) ?? textGrader(spec);
  opened.delete(key);
  opened.set(key, grader);
  for (const oldest of opened.keys()) if (opened.size > MAX_OPENED) opened.delete(oldest);
  return grader;
}

export function score(input: { spec: TextGraderSpec; output: string; reference: string }): number {
  return graderOf(input.spec).score(input.output, input.reference);
}

export function firstRefused(input: { spec: TextGraderSpec; references: readonly string[] }): Refusal | undefined {
  const grader = graderOf(input.spec);
  for (const [index, reference] of input.references.entries()) {
    const why = grader.refuses?.(reference);
    if (why !== undefined) return { index, why };
  }
  return undefined;
}
