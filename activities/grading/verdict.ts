/** What a judge's reply comes to: the score of a line of its own, read whole, or none. Pure. */
import { answerOf } from './answer-after.ts';

/** A line that says nothing but the score, in bold or not, perhaps with the scale: `**Score:** 4/5`. */
const LINE = /^[*_#\s]*(?:final\s+)?score[*_\s]*[:=]?[*_\s]*(\S+?)(?:\s*(?:\/|out of)\s*(\S+?))?[*_\s]*\.?[*_\s]*$/i;
const NUMBER = /^[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?$/i;

/**
 * From 0 to `maxScore`. Scores that are mentioned in a sentence, quoted with `>` or stand within a fence are not the
 * judge's own; two lines that contradict each other say nothing.
 */
export function verdictOf(text: string, maxScore: number): number | undefined {
  const scores = new Set(ownLines(answerOf(text, undefined).answer).flatMap((line) => scoreOf(line, maxScore)));
  const [score] = scores;
  const inScale = score !== undefined && score >= 0 && score <= maxScore;
  return inScale && scores.size === 1 ? score : undefined;
}

/** NaN where a line gives a score that cannot be read whole. */
function scoreOf(line: string, maxScore: number): number[] {
  const found = line.length > 200 ? null : LINE.exec(line);
  if (found === null) return [];
  const [, given = '', scale] = found;
  const known = NUMBER.test(given) && (scale === undefined || Number(scale) === maxScore);
  return [known ? Number(given) : Number.NaN];
}

function ownLines(text: string): readonly string[] {
  let fenced = false;
  return text.split('\n').filter((line) => {
    const fence = /^\s*(?:```|~~~)/.test(line);
    if (fence) fenced = !fenced;
    return !fence && !fenced && !/^\s*>/.test(line);
  });
}
