/** Answers and references in one Unicode normal form: one letter may be written in several ways that look alike. */
import type { SuiteSpec } from '../../domain/spec/suite-spec.ts';
import type { Grader } from './grader.ts';

export type NormalForm = SuiteSpec['normalize'];

export function normalized(text: string, form: NormalForm): string {
  return form === 'nfc' ? text.normalize('NFC') : text;
}

/** The grader sees both texts in that form. */
export function inNormalForm(grader: Grader, form: NormalForm): Grader {
  if (form !== 'nfc') return grader;
  const inForm = (text: string): string => normalized(text, form);
  return {
    binary: grader.binary,
    firstRefused: async (references, signal) => grader.firstRefused?.(references.map(inForm), signal),
    score: (output, reference, about) => grader.score(inForm(output), inForm(reference), about),
  };
}
