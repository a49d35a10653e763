import { describe, expect, test } from '@jest/globals';
import { NEW_CHAIN, planSnapshot, snapshotConfirmed, snapshotRequested } from '../../domain/decide/chain.ts';

const rules = { lora: false, baseEvery: 4, final: false };

describe('the delta chain', () => {
  test('starts with a base', () => {
    expect(planSnapshot(NEW_CHAIN, rules)).toEqual({ type: 'base' });
  });

  test('goes on with a delta on the identity that was confirmed', () => {
    const chain = snapshotConfirmed(snapshotRequested(NEW_CHAIN), 'a', 'base');
    expect(planSnapshot(chain, rules)).toEqual({ type: 'delta', previousIdentity: 'a' });
  });

  test('forces a base while a save is not confirmed, whatever was confirmed before', () => {
    const chain = snapshotRequested(snapshotConfirmed(NEW_CHAIN, 'a', 'base'));
    expect(planSnapshot(chain, rules)).toEqual({ type: 'base' });
  });

  test('takes a base every so many checkpoints', () => {
    let chain = NEW_CHAIN;
    const types = Array.from({ length: 9 }, (_, index) => {
      const { type } = planSnapshot(chain, rules);
      chain = snapshotConfirmed(snapshotRequested(chain), String(index), type);
      return type;
    });
    expect(types).toEqual(['base', 'delta', 'delta', 'delta', 'base', 'delta', 'delta', 'delta', 'base']);
  });

  test('takes nothing but bases when every checkpoint is to be one', () => {
    const chain = snapshotConfirmed(NEW_CHAIN, 'a', 'base');
    expect(planSnapshot(chain, { ...rules, baseEvery: 1 }).type).toBe('base');
  });

  test('has no deltas of adapters', () => {
    expect(planSnapshot(snapshotConfirmed(NEW_CHAIN, 'a', 'base'), { ...rules, lora: true }).type).toBe('base');
  });

  test('ends with a base', () => {
    expect(planSnapshot(snapshotConfirmed(NEW_CHAIN, 'a', 'base'), { ...rules, final: true }).type).toBe('base');
  });
});
