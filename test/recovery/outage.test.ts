import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Evidence } from '../../chaos/evidence.ts';
import { Disturbed } from './disturbed.ts';

/** Many times what a call waits for an answer, and what a heartbeat may be late. */
const UNREACHABLE_MS = 60_000;

describe('a run goes on where it was', () => {
  test('when Temporal did not answer for a while', async () => {
    const disturbed = await Disturbed.start();
    try {
      const undisturbed = await disturbed.undisturbed();
      const runId = await disturbed.submit();
      await disturbed.until(runId, ({ steps }) => steps.length >= 5);
      const pid = disturbed.stack.pid('temporal');
      if (pid === undefined) throw new Error('Temporal has no process');
      process.kill(pid, 'SIGSTOP');
      await sleep(UNREACHABLE_MS);
      process.kill(pid, 'SIGCONT');
      expect(await disturbed.evidence(runId)).toEqual(undisturbed);
    } finally {
      await disturbed.stack.stop();
    }
  }, 600_000);

  describe('when pawl was down for so long that', () => {
    let forgetful: Disturbed;
    let undisturbed: Evidence;

    beforeAll(async () => {
      forgetful = await Disturbed.start({ sandboxFlags: ['--allow-faults', '--session-seconds', '3'] });
      undisturbed = await forgetful.undisturbed();
    }, 300_000);

    afterAll(async () => {
      await forgetful?.stack.stop();
    }, 300_000);

    test.each([
      ['the platform ended its trainer', async (runId: string) => forgetful.expireTrainer(runId)],
      ['the trainer forgot it', async () => sleep(6_000)],
    ])(
      '%s',
      async (_, lose) => {
        const runId = await forgetful.submit();
        await forgetful.until(runId, ({ steps }) => steps.length >= 13);
        await forgetful.stack.stopWorker('worker-1');
        await lose(runId);
        await forgetful.stack.startWorker('worker-1');
        expect(await forgetful.evidence(runId)).toEqual(undisturbed);
        const { rewinds } = await forgetful.stack.runs.show(runId);
        // On a crowded machine a session of three seconds may be forgotten while pawl is there, too.
        expect(rewinds.at(-1)).toMatchObject({ toStep: 10 });
      },
      600_000,
    );
  });
});
