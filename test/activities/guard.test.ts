import { describe, expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { guarded } from '../../activities/guard.ts';
import { placesOf } from '../../activities/places.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { FailureType } from '../../domain/words/run.ts';

const PLACE = { platform: 'sandbox:1', account: 'acc' };

/** What an activity fails with, whose platform refuses to say who it is; or which fails by itself. */
async function failed(
  name: 'releaseTrainer' | 'releaseDeployment' | 'openSession',
  type?: FailureType,
): Promise<unknown> {
  const refused = new PawlError('Unauthorized', 'answered 401');
  const places = placesOf({ place: () => (type === undefined ? Promise.reject(refused) : Promise.resolve(PLACE)) });
  const activity = async (_input: { place: typeof PLACE }): Promise<string> => {
    if (type !== undefined) throw new PawlError(type, 'refused');
    return 'done';
  };
  const activities = { releaseTrainer: activity, releaseDeployment: activity, openSession: activity };
  return new MockActivityEnvironment().run(guarded(activities, places)[name], { place: PLACE }).then(
    () => 'done',
    (error: unknown) => error,
  );
}

describe('an activity that returns a machine', () => {
  test.each(['releaseTrainer', 'releaseDeployment'] as const)('%s is repeated whoever refuses', async (name) => {
    for (const type of [undefined, 'Unauthorized', 'InvalidRequest', 'LostTrainer', 'TrainerGone'] as const) {
      const error = await failed(name, type);
      expect(error).toBeInstanceOf(ApplicationFailure);
      expect(error).toMatchObject({ nonRetryable: false, type: type ?? 'Unauthorized' });
    }
  });
});

test('another one is not asked again what was refused for good', async () => {
  expect(await failed('openSession')).toMatchObject({ nonRetryable: true, type: 'Unauthorized' });
  expect(await failed('openSession', 'InvalidRequest')).toMatchObject({ nonRetryable: true });
  expect(await failed('openSession', 'Unavailable')).toMatchObject({ nonRetryable: false });
});
