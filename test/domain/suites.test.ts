import { describe, expect, test } from '@jest/globals';
import { RunSpec } from '../../domain/spec/spec.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import { evaluationId } from '../../domain/words/names.ts';
import { comparable, dueSuites, promptsAsked, suiteOf } from '../../domain/words/suites.ts';
import { PLAN, scored, SPEC } from '../store/fixtures.ts';

const { evaluate } = RunSpec.parse({
  ...SPEC,
  evaluate: {
    ...SPEC.evaluate,
    suites: {
      rhymes: { prompts: 'rhymes.jsonl', every: 3 },
      hard: { prompts: 'hard.jsonl', grader: 'numeric', limit: 4 },
    },
  },
});
const rhymes = { name: 'rhymes', promptSet: 'a'.repeat(64), prompts: 3 };
const hard = { name: 'hard', promptSet: 'b'.repeat(64), prompts: 12 };
const plan = { ...PLAN, suites: [rhymes, hard] };

describe('a suite', () => {
  test('is the main one where none is named, also in plans that know no others', () => {
    const main = { name: 'main', spec: evaluate, promptSet: PLAN.promptSet, prompts: PLAN.prompts };
    expect(suiteOf(evaluate, PLAN)).toEqual(main);
    expect(suiteOf(evaluate, plan, 'main')).toEqual(main);
    expect(suiteOf(evaluate, { ...PLAN, graderModule: 'c' })).toEqual({ ...main, graderModule: 'c' });
  });

  test('has its own prompts and grader', () => {
    expect(suiteOf(evaluate, plan, 'hard')).toMatchObject({ ...hard, spec: { grader: 'numeric', limit: 4 } });
  });

  test('that is not in the plan is none', () => {
    expect(() => suiteOf(evaluate, PLAN, 'hard')).toThrow('there is no suite hard in this run: name one of main');
    expect(() => suiteOf(evaluate, plan, 'soft')).toThrow('name one of main, rhymes, hard');
  });

  test('asks so many prompts as it is told, or else its limit, or all', () => {
    expect(promptsAsked(suiteOf(evaluate, plan, 'hard'), undefined)).toBe(4);
    expect(promptsAsked(suiteOf(evaluate, plan, 'hard'), 7)).toBe(7);
    expect(promptsAsked(suiteOf(evaluate, plan, 'hard'), 70)).toBe(12);
    expect(promptsAsked(suiteOf(evaluate, plan), undefined)).toBe(10);
  });
});

describe('further suites are due', () => {
  const due = (step: number, all = false): string[] => dueSuites(evaluate, plan, { step, checkpointEvery: 20, all });

  test('at every so many checkpoints, the baseline and the final one in any case', () => {
    expect([0, 20, 40, 60, 80].map((step) => due(step))).toEqual([
      ['rhymes', 'hard'],
      ['hard'],
      ['hard'],
      ['rhymes', 'hard'],
      ['hard'],
    ]);
    expect(due(73, true)).toEqual(['rhymes', 'hard']);
  });

  test('at the baseline and the result alone, where nothing is to be chosen by it', () => {
    const suites = { rhymes: { prompts: 'rhymes.jsonl', every: 'result' } };
    const gated = RunSpec.parse({ ...SPEC, evaluate: { ...SPEC.evaluate, suites } }).evaluate;
    const at = (step: number, all: boolean) =>
      dueSuites(gated, { suites: [rhymes] }, { step, checkpointEvery: 20, all });
    expect(at(0, true)).toEqual(['rhymes']);
    expect([20, 60, 120].flatMap((step) => at(step, false))).toEqual([]);
    expect(at(140, true)).toEqual(['rhymes']);
    const wrong = { rhymes: { prompts: 'rhymes.jsonl', every: 'never' } };
    expect(() => RunSpec.parse({ ...SPEC, evaluate: { ...SPEC.evaluate, suites: wrong } })).toThrow(/or result/);
  });

  test('never in a run without any', () => {
    expect(dueSuites(SPEC.evaluate, PLAN, { step: 0, checkpointEvery: 20, all: true })).toEqual([]);
  });
});

test('an evaluation is called by the identity it asks and the proof that asks; one of a further suite by its name too', () => {
  const asked = { identity: 'step-000020-g1-1a2b3c4d', proof: 3, attempt: 2 };
  expect(evaluationId('run-1', asked)).toBe('run-1/step-000020-g1-1a2b3c4d/p3a2');
  expect(evaluationId('run-1', asked, 'hard')).toBe('run-1/step-000020-g1-1a2b3c4d/hard/p3a2');
});

describe('two evaluations', () => {
  const sampling = { temperature: 0, maxTokens: 8, samplesPerPrompt: 1 };
  const one: Evaluation = scored(20, 1, { grader: 'g', sampling });

  test('of the same prompts, grader and way of sampling are comparable, whatever they scored and however many they asked', () => {
    expect(comparable(one, scored(40, 1, { grader: 'g', sampling: { ...sampling }, score: 0.1, samples: 3 }))).toBe(
      true,
    );
    expect(comparable(scored(0, 1), scored(20, 1))).toBe(true);
  });

  test.each<Partial<Evaluation>>([
    { promptSet: 'd'.repeat(64) },
    { metric: 'numeric' },
    { grader: 'other' },
    { sampling: { ...sampling, temperature: 1 } },
    { sampling: { ...sampling, maxTokens: 9 } },
    { sampling: { ...sampling, samplesPerPrompt: 4 } },
    { sampling: { ...sampling, stop: '<eos>' } },
  ])('are not when one has %j', (change) => {
    expect(comparable(one, { ...one, ...change })).toBe(false);
  });

  test('are not when only one of them tells how it was sampled', () => {
    expect(comparable(one, scored(40, 1))).toBe(false);
  });
});
