/** `numeric`: the last number of an answer is the reference's, within a tolerance. */
import type { TextGrader } from './grader.ts';

/** Decimal, with or without thousands separators and exponent; not a part of a word. */
const NUMBER = /(?<![\p{L}\p{N}_.])[-+]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(?:\.\d+|(?<=\d))(?:e[-+]?\d+)?/giu;

export function numeric(options: { tolerance: number; relativeTolerance: number }): TextGrader {
  return {
    binary: true,
    refuses: (reference) => (lastNumber(reference) === undefined ? 'the reference holds no number' : undefined),
    score(output, reference) {
      const [given, wanted] = [lastNumber(output), lastNumber(reference)];
      if (given === undefined || wanted === undefined) return 0;
      const allowed = Math.max(options.tolerance, options.relativeTolerance * Math.abs(wanted));
      return Math.abs(given - wanted) <= allowed ? 1 : 0;
    },
  };
}

function lastNumber(text: string): number | undefined {
  const found = [...text.replaceAll('\u2212', '-').matchAll(NUMBER)].at(-1)?.[0];
  return found === undefined ? undefined : Number(found.replaceAll(',', ''));
}
