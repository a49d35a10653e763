import { describe, expect, test } from '@jest/globals';
import { readSweep, SweepSpec } from '../../../domain/spec/sweep-spec.ts';
import { badPoints, trialExperiment } from '../../../domain/spec/trial-experiment.ts';
import { SPEC } from '../../store/fixtures.ts';

const OWN = {
  name: 'rates',
  experiment: 'pronounce.yaml',
  method: 'tpe',
  metric: { suite: 'main', goal: 'maximize' },
  parameters: {
    'train.optimizer.learningRate': { distribution: 'log_uniform_values', min: 1e-4, max: 3e-2 },
    'train.batchSize': { values: [32, 64] },
    'model.lora.rank': { values: [4, 8, 16], when: { 'train.batchSize': 32 } },
  },
  trials: 24,
  concurrency: 3,
  stopEarly: { rule: 'asha', reduction: 3, minSteps: 100 },
  budget: { maxCost: 60, maxHours: 10 },
  machines: 'reuse',
  confirm: { prompts: 'alias:confirm', top: 3 },
  promote: { to: 'prod', margin: 0.01 },
};

function sweepOf(input: unknown): SweepSpec {
  const reading = readSweep(input);
  if (!reading.ok) throw new Error(JSON.stringify(reading.issues));
  return reading.sweep;
}

/** `path: message` of each fault. */
function faults(changes: Record<string, unknown>): string[] {
  const reading = readSweep({ ...OWN, ...changes });
  return reading.ok ? [] : reading.issues.map(({ path, message }) => `${path.join(' ')}: ${message}`);
}

describe('a sweep file', () => {
  test('is understood as issue 13 writes it, with every default filled in, and reading it again changes nothing', () => {
    const sweep = sweepOf(OWN);
    expect(sweep).toMatchObject({
      metric: { suite: 'main', goal: 'maximize' },
      seed: 1,
      search: { startup: 10, candidates: 24, gamma: 0.1, maxGood: 25, multivariate: false },
      stopEarly: { rule: 'asha', reduction: 3, unit: 'steps', minSteps: 100 },
      promote: { alias: 'prod', margin: 0.01, approval: false },
    });
    expect(sweepOf(sweep)).toEqual(sweep);
    expect(SweepSpec.parse(JSON.parse(JSON.stringify(sweep)))).toEqual(sweep);
  });

  test('of Weights & Biases says the same in its own words', () => {
    const theirs = {
      name: 'rates',
      experiment: 'pronounce.yaml',
      method: 'bayes',
      metric: { name: 'main', goal: 'maximize' },
      parameters: {
        train: {
          parameters: {
            learningRate: { distribution: 'log_uniform', min: -9, max: -3.5 },
            batchSize: { values: [32, 64], probabilities: [0.25, 0.75] },
          },
        },
        'checkpoint.every': { distribution: 'q_uniform', min: 10, max: 40, q: 10 },
        'train.schedule.kind': { value: 'cosine' },
      },
      early_terminate: { type: 'hyperband', min_iter: 2, eta: 4 },
      run_cap: 12,
    };
    expect(sweepOf(theirs)).toEqual(
      sweepOf({
        name: 'rates',
        experiment: 'pronounce.yaml',
        method: 'tpe',
        metric: { name: 'main', goal: 'maximize' },
        parameters: {
          'train.optimizer.learningRate': { distribution: 'logUniform', min: -9, max: -3.5 },
          'train.batchSize': { values: [32, 64], probabilities: [0.25, 0.75] },
          'checkpoint.every': { distribution: 'qUniform', min: 10, max: 40, q: 10 },
          'train.schedule.kind': { value: 'cosine' },
        },
        stopEarly: { rule: 'asha', reduction: 4, minSteps: 2, unit: 'evaluations' },
        trials: 12,
      }),
    );
  });

  test.each([
    [
      { type: 'hyperband', max_iter: 27, s: 2 },
      { minSteps: 3, maxSteps: 27, reduction: 3 },
    ],
    [
      { type: 'hyperband', max_iter: 32, s: 3, eta: 2 },
      { minSteps: 4, maxSteps: 32, reduction: 2 },
    ],
  ])('%j has rungs where Weights & Biases has brackets', (early_terminate, stopEarly) => {
    expect(sweepOf({ ...OWN, stopEarly: undefined, early_terminate }).stopEarly).toMatchObject(stopEarly);
  });

  test('tells faults where they stand, in the words of the file', () => {
    const parameters = { optimizer: { parameters: { rate: { min: 3, max: 1 } } } };
    expect(faults({ parameters })).toEqual([
      'parameters optimizer parameters rate min: lies above max, 3 > 1. Exchange them',
    ]);
    expect(faults({ trials: undefined, run_cap: 0 })[0]).toMatch(/^run_cap: /);
    expect(faults({ stopEarly: undefined, early_terminate: { type: 'hyperband', min_iter: 0 } })[0]).toMatch(
      /^early_terminate min_iter: /,
    );
    expect(faults({ program: 'train.py' })).toEqual([
      'program: pawl runs an experiment, not a program. Write experiment: <path of an experiment file>',
    ]);
  });
});

describe('a space is refused', () => {
  test.each([
    ['nothing to search', {}, 'parameters: names nothing to search'],
    ['a parameter without values', { a: {} }, 'parameters a: has no values'],
    ['no values', { a: { values: [] } }, 'parameters a values: '],
    ['ends exchanged', { a: { min: 2.5, max: 1 } }, 'parameters a min: lies above max'],
    ['ends alike', { a: { min: 2.5, max: 2.5 } }, 'parameters a min: is the same as max'],
    ['half a range', { a: { min: 1 } }, 'parameters a max: is missing'],
    [
      'a logarithm of nothing',
      { a: { distribution: 'log_uniform_values', min: 0, max: 1 } },
      'parameters a min: must be greater than 0 on a logarithmic scale',
    ],
    [
      'parts of whole numbers',
      { a: { distribution: 'int_uniform', min: 0.5, max: 3 } },
      'parameters a min: int_uniform is',
    ],
    ['a step too wide', { a: { distribution: 'q_uniform', min: 3, max: 4, q: 5 } }, 'parameters a q: no multiple of 5'],
    [
      'a step that is not asked for',
      { a: { distribution: 'uniform', min: 3, max: 4, q: 1 } },
      'parameters a q: has no meaning',
    ],
    [
      'chances too small',
      { a: { values: [1, 2], probabilities: [0.5, 0.4] } },
      'parameters a probabilities: must add up to 1, got 0.9',
    ],
    [
      'chances too few',
      { a: { values: [1, 2], probabilities: [1] } },
      'parameters a probabilities: one for each of the 2',
    ],
    ['a value twice', { a: { values: [1, 2, 1] } }, 'parameters a values: 1 stands there twice'],
    [
      'a distribution that is not honoured',
      { a: { distribution: 'inv_log_uniform_values', min: 1, max: 2 } },
      'parameters a distribution: Invalid option',
    ],
    ['an unknown condition', { a: { values: [1], when: { b: 1 } } }, 'parameters a when b: there is no parameter "b"'],
    [
      'a condition that never holds',
      { a: { values: [1], when: { b: 3 } }, b: { values: [1, 2] } },
      'parameters a when b: b is never 3',
    ],
    [
      'a condition on a range',
      { a: { values: [1], when: { b: 3 } }, b: { min: 0.5, max: 3 } },
      'parameters a when b: b never has exactly',
    ],
    [
      'a circle',
      { a: { values: [1], when: { b: 1 } }, b: { values: [1], when: { a: 1 } } },
      'parameters a when: depends on itself',
    ],
    ['a field twice', { 'a.b': { values: [1, 2] }, a: { values: [{}] } }, 'parameters a.b: lies inside of a'],
    ['no path', { 'a..b': { values: [1, 2] } }, 'parameters a..b: '],
  ])('with %s', (_, parameters, fault) => {
    expect(faults({ parameters })[0]).toContain(fault);
  });

  test('where the method finds no end in it', () => {
    expect(faults({ trials: undefined })[0]).toContain('trials: is missing: tpe never comes to an end by itself');
    expect(faults({ method: 'grid' })[0]).toContain(
      'parameters train.optimizer.learningRate: a grid has no end over log_uniform_values',
    );
    const counted = { a: { values: ['x', 'y'] }, b: { distribution: 'q_uniform', min: 0, max: 1, q: 0.25 } };
    expect(faults({ method: 'grid', trials: undefined, parameters: counted })).toEqual([]);
  });

  test('where rules contradict each other', () => {
    expect(faults({ stopEarly: { rule: 'hyperband', minSteps: 10 } })[0]).toContain('stopEarly maxSteps: is missing');
    expect(faults({ stopEarly: { rule: 'asha', minSteps: 10, maxSteps: 10 } })[0]).toContain(
      'stopEarly maxSteps: must be',
    );
    expect(faults({ method: 'pbt' })).toEqual([
      expect.stringContaining('trials: pbt has one for each member, 8'),
      expect.stringContaining('stopEarly: members of a population are never stopped'),
    ]);
    expect(faults({ metric: { suite: 'main', name: 'main' } })[0]).toContain(
      'metric name: give suite or name, not both',
    );
  });
});

describe('the experiment of a trial', () => {
  test('has its parameters, as --set puts them there', () => {
    const tried = trialExperiment(SPEC, { 'train.optimizer.learningRate': 0.02, 'model.lora.rank': 4 });
    expect(tried).toMatchObject({
      ok: true,
      spec: { train: { optimizer: { learningRate: 0.02 } }, model: { lora: { rank: 4 } } },
    });
  });

  test('is refused at a bad point of the space, which is named before anything runs', () => {
    const parameters = sweepOf({
      ...OWN,
      parameters: {
        'train.optimizr.learningRate': { values: [0.1] },
        'train.batchSize': { values: [8, 4_096] },
        'train.optimizer.learningRate': { min: -1, max: 1.5 },
        'model.lora.rank': { values: [4], when: { 'train.batchSize': 8 } },
        'train.schedule.kind': { values: ['cosine', 'square'], when: { 'train.batchSize': 4_096 } },
      },
    }).parameters;
    const { 'train.optimizr.learningRate': wrong, ...others } = parameters;
    const found = badPoints(SPEC, others).map(({ parameter, value }) => `${parameter} ${JSON.stringify(value)}`);
    expect(found).toEqual(['train.batchSize 4096', 'train.optimizer.learningRate -1', 'train.schedule.kind "square"']);
    expect(badPoints(SPEC, { 'train.optimizr.learningRate': wrong ?? {} })[0]?.issues[0]).toMatchObject({
      code: 'unrecognized_keys',
      path: ['train'],
      keys: ['optimizr'],
    });
  });
});
