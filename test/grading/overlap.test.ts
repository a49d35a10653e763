/** Beside the figures of the usual implementations; `reference/overlap.py` made them. */
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { textGrader, graders } from '../../activities/grading/text-graders.ts';

interface Row {
  readonly answer: string;
  readonly reference: string;
  readonly f1: number;
  readonly rouge_l: number;
}
const rows = JSON.parse(readFileSync(join(__dirname, 'reference', 'overlap.json'), 'utf8')) as Row[];

test.each(rows)('of $answer and $reference', (row) => {
  expect(graders.f1.score(row.answer, row.reference)).toBeCloseTo(row.f1, 12);
  expect(graders.rouge_l.score(row.answer, row.reference)).toBeCloseTo(row.rouge_l, 12);
});

test('ROUGE refuses a reference in which it finds no word', () => {
  expect(graders.rouge_l.refuses?.('\u4e2d\u6587')).toContain('no word that ROUGE knows');
  expect(graders.rouge_l.refuses?.('yes')).toBeUndefined();
});

describe('an answer that holds the reference', () => {
  test.each([
    ['It is Paris.', ' Paris ', 1, 0],
    ['  Paris, I think', 'Paris', 1, 1],
    ['paris', 'Paris', 0, 0],
    ['', 'Paris', 0, 0],
  ])('%j, %j: anywhere %d, at its beginning %d', (output, reference, anywhere, first) => {
    expect(graders.contains.score(output, reference)).toBe(anywhere);
    expect(graders.starts_with.score(output, reference)).toBe(first);
  });

  test('in any case, on request', () => {
    expect(textGrader({ name: 'contains', ignoreCase: true }).score('PARIS', 'Paris')).toBe(1);
    expect(textGrader({ name: 'starts_with', ignoreCase: true }).score('paris?', 'Paris')).toBe(1);
  });

  test('is every one where the reference is empty', () => {
    expect(graders.contains.refuses?.(' \n')).toContain('empty');
    expect(graders.starts_with.refuses?.('')).toContain('empty');
  });
});
