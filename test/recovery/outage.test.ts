import { afterEach, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Disturbed } from './disturbed.ts';

/** Many times what a call waits for an answer, and what a heartbeat may be late. */
const UNREACHABLE_MS = 60_000;

let disturbed: Disturbed | undefined;

afterEach(async () => {
  await disturbed?.stack.stop();
  disturbed = undefined;
}, 300_000);

describe('a run goes on where it was', () => {
  test('when Temporal did not answer for a while', async () => {
    disturbed = await Disturbed.start();
    const undisturbed = await disturbed.undisturbed();
    const runId = await disturbed.submit();
    await disturbed.until(runId, ({ steps }) => steps.length >= 5);
    const pid = disturbed.stack.pid('temporal');
    if (pid === undefined) throw new Error('Temporal has no process');
    process.kill(pid, 'SIGSTOP');
    await sleep(UNREACHABLE_MS);
    process.kill(pid, 'SIGCONT');
    expect(await disturbed.evidence(runId)).toEqual(undisturbed);
  }, 600_000);

  test('when pawl was down for so long that the platform ended its trainer', async () => {
    disturbed = await Disturbed.start({ sandboxFlags: ['--allow-faults', '--session-seconds', '3'] });
    const undisturbed = await disturbed.undisturbed();
    const runId = await disturbed.submit();
    await disturbed.until(runId, ({ steps }) => steps.length >= 13);
    await disturbed.stack.stopWorker('worker-1');
    await disturbed.expireTrainer(runId);
    await disturbed.stack.startWorker('worker-1');
    expect(await disturbed.evidence(runId)).toEqual(undisturbed);
    const { rewinds } = await disturbed.stack.runs.show(runId);
    // On a crowded machine a session of three seconds may be forgotten while pawl is there, too.
    expect(rewinds.at(-1)).toMatchObject({ toStep: 10 });
  }, 600_000);

  test('when pawl was down for so long that the trainer forgot it', async () => {
    disturbed = await Disturbed.start({ sandboxFlags: ['--session-seconds', '3'] });
    const undisturbed = await disturbed.undisturbed();
    const runId = await disturbed.submit();
    await disturbed.until(runId, ({ steps }) => steps.length >= 13);
    await disturbed.stack.stopWorker('worker-1');
    await sleep(6_000);
    await disturbed.stack.startWorker('worker-1');
    expect(await disturbed.evidence(runId)).toEqual(undisturbed);
    const { rewinds } = await disturbed.stack.runs.show(runId);
    // On a crowded machine a session of three seconds may be forgotten while pawl is there, too.
    expect(rewinds.at(-1)).toMatchObject({ toStep: 10 });
  }, 600_000);
});
