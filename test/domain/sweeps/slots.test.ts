/** Which machines a trial takes over: those of its kind, before new ones, before those of another kind. */
import { expect, test } from '@jest/globals';
import { machineKind, placeFor } from '../../../domain/decide/slots.ts';
import { experiment } from '../../workflows/answering.ts';

test('a free slot of the kind is taken, and a busy one is not', () => {
  const slots = [{ kind: 'a', number: 3 }, { kind: 'b' }, { kind: 'a' }];
  expect(placeFor('a', slots, 3)).toEqual({ use: 'free', index: 2 });
  expect(placeFor('b', slots, 3)).toEqual({ use: 'free', index: 1 });
});

test('another kind rents beside them as long as there is room, and then in place of them', () => {
  expect(placeFor('c', [{ kind: 'a' }], 2)).toEqual({ use: 'new' });
  expect(placeFor('c', [{ kind: 'a', number: 0 }, { kind: 'b' }], 2)).toEqual({ use: 'other', index: 1 });
});

test('a kind is what machines are made by: shape, base model, rank and replicas, and nothing that is only trained with', () => {
  const kindOf = (changes: Record<string, unknown>): string => machineKind(experiment(changes));
  const plain = kindOf({});
  const { model } = experiment();
  expect(kindOf({ train: { steps: 5, batchSize: 2, optimizer: { learningRate: 0.5 } } })).toBe(plain);
  expect(kindOf({ model: { ...model, lora: { rank: 8 } } })).not.toBe(plain);
  expect(kindOf({ model: { ...model, lora: { rank: 8 } } })).not.toBe(
    kindOf({ model: { ...model, lora: { rank: 16 } } }),
  );
  expect(kindOf({ model: { ...model, shape: 'accounts/acc/trainingShapes/other' } })).not.toBe(plain);
  expect(kindOf({ deployment: { replicas: 2 } })).not.toBe(plain);
});
