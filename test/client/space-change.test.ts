/** A space that is changed while its sweep runs is checked as a sweep file is, against what it has become by then. */
import { expect, test } from '@jest/globals';
import { ExperimentError } from '../../files/experiment/experiment-error.ts';
import { changedParameters, spaceNow } from '../../client/sweeps/space-change.ts';
import { SweepSpec } from '../../domain/spec/sweep-spec.ts';
import { experiment } from '../workflows/answering.ts';

const spec = SweepSpec.parse({
  name: 'rates',
  experiment: 'experiment.yaml',
  method: 'random',
  trials: 8,
  parameters: {
    'train.optimizer.learningRate': { distribution: 'log_uniform_values', min: 1e-5, max: 1 },
    'train.batchSize': { values: [4, 8] },
  },
});
const SWEEP = { spec, experiment: experiment() };

function said(set: readonly string[]): readonly string[] {
  try {
    changedParameters(SWEEP, spec.parameters, set);
    return [];
  } catch (error) {
    if (!(error instanceof ExperimentError)) throw error;
    return error.problems;
  }
}

test('takes whole parameters, in either language and by short names', () => {
  expect(changedParameters(SWEEP, spec.parameters, ['train.batchSize={values: [8]}'])).toEqual({
    'train.batchSize': { values: [8] },
  });
  const added = changedParameters(SWEEP, spec.parameters, ['train.seed={min: 1, max: 3}']);
  expect(Object.keys(added)).toEqual(['train.seed']);
});

test.each([
  [['train.batchSize={values: [many]}'], '--parameter train.batchSize: with "many", train.batchSize'],
  [['train.batchSiz={values: [8]}'], '--parameter train.batchSiz: '],
  [['train.batchSize={min: 9, max: 1}'], '--parameter train.batchSize.min: 9 is not allowed here: lies above max'],
  [['train.batchSize={}'], '--parameter train.batchSize: a section is not allowed here: has no values.'],
  [['train.batchSize'], '--parameter train.batchSize: expected path=value'],
])('%j is refused', (set, problem) => {
  expect(said(set).join('\n')).toContain(problem);
});

test('what was changed before is the space of what is changed next', () => {
  const by = { by: 'me', at: '2026-11-28T00:00:00.000Z' };
  const changes = [
    { order: 3, change: { parameters: { 'train.batchSize': { values: [8] } }, ...by } },
    { order: 7, change: { stopTrial: 2, ...by } },
    { order: 9, change: { parameters: { 'train.batchSize': { values: [16] } }, ...by } },
  ];
  expect(spaceNow(SWEEP, changes)).toEqual({ ...spec.parameters, 'train.batchSize': { values: [16] } });
});
