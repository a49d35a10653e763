import { describe, expect, test } from '@jest/globals';
import { changeText, fieldChanges, withSettings } from '../../domain/spec/spec-changes.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import { SPEC } from '../store/fixtures.ts';

function changed(settings: Record<string, unknown>): RunSpec {
  return RunSpec.parse(withSettings(SPEC, settings));
}

describe('settings', () => {
  test('change one field and leave the rest as it was', () => {
    const spec = changed({ 'train.optimizer.learningRate': 1e-4 });
    expect(spec).toEqual({
      ...SPEC,
      train: { ...SPEC.train, optimizer: { ...SPEC.train.optimizer, learningRate: 1e-4 } },
    });
    expect(SPEC.train.optimizer.learningRate).toBe(1e-3);
  });

  test('train.learningRate is short for the optimizer’s', () => {
    expect(changed({ 'train.learningRate': 1e-4 })).toEqual(changed({ 'train.optimizer.learningRate': 1e-4 }));
  });

  test('make sections that are not there, and null takes a field away', () => {
    const patient = changed({ 'policy.patience': 3, 'budget.maxHours': 2 });
    expect(patient).toMatchObject({ policy: { patience: 3 }, budget: { maxHours: 2 } });
    expect(RunSpec.parse(withSettings(patient, { 'policy.patience': null, 'budget.maxHours': null }))).toEqual(SPEC);
  });

  test('steps replace epochs, and epochs steps', () => {
    const epochs = changed({ 'train.epochs': 3 });
    expect(epochs.train).toMatchObject({ steps: 0, epochs: 3 });
    expect(RunSpec.parse(withSettings(epochs, { 'train.steps': 40 }))).toEqual(SPEC);
  });

  test('reach into lists', () => {
    const spec = changed({ 'data.train': ['a.jsonl', 'b.jsonl'] });
    expect(RunSpec.parse(withSettings(spec, { 'data.train.1': 'c.jsonl' })).data.train).toEqual(['a.jsonl', 'c.jsonl']);
  });

  test('an unknown field is left for the schema to refuse', () => {
    expect(RunSpec.safeParse(withSettings(SPEC, { 'train.optimiser.learningRate': 1 })).success).toBe(false);
    expect(RunSpec.safeParse(withSettings(SPEC, { __proto__: 1, 'constructor.name': 1 })).success).toBe(false);
  });
});

describe('changes', () => {
  test('none between equal experiments', () => {
    expect(fieldChanges(SPEC, structuredClone(SPEC))).toEqual([]);
  });

  test('name each field that differs, with both values; a side that has none is absent', () => {
    const after = changed({ 'train.learningRate': 1e-4, 'policy.patience': 2, 'data.train': ['a.jsonl'] });
    expect(fieldChanges(SPEC, after)).toEqual([
      { path: 'data.train', before: 'train.jsonl', after: ['a.jsonl'] },
      { path: 'train.optimizer.learningRate', before: 1e-3, after: 1e-4 },
      { path: 'policy.patience', after: 2 },
    ]);
    expect(fieldChanges(after, SPEC)).toContainEqual({ path: 'policy.patience', before: 2 });
  });

  test('applied one after the other lead from one experiment to the other', () => {
    const after = changed({ 'train.learningRate': 1e-4, 'checkpoint.every': 5, 'train.objective': { name: 'focal' } });
    const settings = Object.fromEntries(fieldChanges(SPEC, after).map(({ path, after: value }) => [path, value]));
    expect(RunSpec.parse(withSettings(SPEC, settings))).toEqual(after);
  });

  test('are told in a few words', () => {
    expect(changeText({ path: 'train.steps', before: 40, after: 80 })).toBe('train.steps 40 → 80');
    expect(changeText({ path: 'policy.patience', after: 2 })).toBe('policy.patience (absent) → 2');
  });
});
