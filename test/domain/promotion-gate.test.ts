import { describe, expect, test } from '@jest/globals';
import type { SuiteComparison } from '../../domain/words/promotion.ts';
import { judgeGate, type GateVerdict } from '../../domain/decide/promotion-gate.ts';

const side = (score: number, missing = 0): SuiteComparison['candidate'] => ({
  evaluation: `run/${score}`,
  identity: `snapshot-${score}`,
  score,
  missing,
});

function compared(change: Partial<SuiteComparison> = {}): SuiteComparison {
  return {
    suite: 'main',
    metric: 'exact_match',
    candidate: side(0.6),
    reference: side(0.5),
    difference: { mean: 0.1, low: 0.02, high: 0.18, pairs: 100 },
    prompts: 100,
    ...change,
  };
}

function judge(comparisons: readonly SuiteComparison[], margin = 0): GateVerdict {
  return judgeGate({ against: 'the champion', margin, comparisons });
}

const apart = (mean: number, low: number, high: number): Pick<SuiteComparison, 'difference'> => ({
  difference: { mean, low, high, pairs: 100 },
});

describe('the gate', () => {
  test('lets through whose lower bound is above the margin, and says by how much', () => {
    expect(judge([compared()])).toEqual({
      passed: true,
      reason:
        'better than the champion: main: exact_match 60.0 % against 50.0 %, better by +10.0 [+2.0, +18.0] points on ' +
        '100 prompts, above the margin of 0.0 %',
    });
  });
  test('asks for more than the margin: a bound on it is not above it', () => {
    expect(judge([compared()], 0.019).passed).toBe(true);
    expect(judge([compared()], 0.02).passed).toBe(false);
  });
  test('asks every suite, and names those that are in the way', () => {
    const worse = compared({ suite: 'names', ...apart(-0.05, -0.1, -0.01) });
    const verdict = judge([compared(), worse]);
    expect(verdict.passed).toBe(false);
    expect(verdict.reason).toMatch(/^not shown to be better than the champion: names: .*no better than the margin/);
    expect(verdict.reason).not.toContain('main');
  });
  test('says that the interval allows for the others that were looked at', () => {
    expect(judge([compared({ looks: 20 })]).reason).toContain('allows for 20 candidates looked at');
    expect(judge([compared({ looks: 1 })]).reason).not.toContain('looked at');
  });
  test('lets no tie through', () => {
    const same = judge([compared({ candidate: side(0.5), ...apart(0, -0.03, 0.03) })]);
    expect(same).toMatchObject({ passed: false, reason: expect.stringContaining('a tie never promotes') });
    expect(judge([compared(apart(0, -0.05, 0.05))]).passed).toBe(false);
  });
  test('says how many prompts would settle what is inconclusive', () => {
    // The interval reaches three times as far down as it may: nine times the prompts.
    const { passed, reason } = judge([compared(apart(0.125, -0.25, 0.5))]);
    expect(passed).toBe(false);
    expect(reason).toContain('inconclusive');
    expect(reason).toContain('about 900 prompts');
    expect(judge([compared(apart(0.01, -0.05, 0.07))], 0.02).reason).not.toContain('would show it');
  });
  test.each([
    [compared({ candidate: side(0.9, 1) }), '1 answer of the candidate missing, so 100 of 100 prompts'],
    [compared({ reference: side(0.1, 3), prompts: 103 }), '3 answers of its rival missing, so 100 of 103 prompts'],
    [
      compared({ candidate: side(0.9, 2), reference: side(0.1, 1) }),
      '2 answers of the candidate and 1 answer of its rival missing',
    ],
  ])('lets nothing through with missing scores, however much better: %#', (comparison, text) => {
    const { passed, reason } = judge([comparison]);
    expect(passed).toBe(false);
    expect(reason).toContain(text);
    expect(reason).toContain('missing scores never promote');
  });
  test.each([
    [[], 'no suite'],
    [[compared({ difference: { mean: 1, pairs: 1 } })], 'one prompt is no evidence'],
  ])('lets nothing through without evidence: %#', (comparisons, text) => {
    expect(judge(comparisons)).toMatchObject({ passed: false, reason: expect.stringContaining(text) });
  });
  test('lets nothing through that has no prompt in common', () => {
    const { difference: _, ...nothing } = compared();
    expect(judge([nothing])).toMatchObject({ passed: false, reason: expect.stringContaining('no prompt that both') });
  });
  test('says so where only a part of the prompts was asked of both', () => {
    expect(judge([compared({ prompts: 120 })]).reason).toContain('100 of 120 prompts');
  });
});
