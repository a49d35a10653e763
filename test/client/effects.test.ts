import { describe, expect, test } from '@jest/globals';
import { effectText } from '../../client/runs/effects.ts';
import { STATUS } from './examples.ts';

describe('what is said of a stop', () => {
  test('of a paused run names the steps that no evaluation speaks of, and the way without them', () => {
    const paused = {
      ...STATUS,
      standing: 'paused',
      unevaluatedSteps: 22,
      saved: { checkpoint: 'p', step: 82 },
    } as const;
    expect(effectText('stop', paused)).toBe(
      'it rents once more to evaluate the 22 steps up to step 82 that no evaluation speaks of; ' +
        'stop --now ends it without them',
    );
    expect(effectText('cancel', paused)).toContain('it ends at once');
  });

  test('of a run that waits says that it ends at once', () => {
    const { checkpoint: _, ...untrained } = STATUS;
    expect(effectText('stop', { ...untrained, standing: 'waiting' })).toBe('it ends at once: nothing was trained yet');
  });
});

test('a pause of a run that finishes is said to have no effect', () => {
  expect(effectText('pause', { ...STATUS, standing: 'finishing' })).toContain('no effect');
});
