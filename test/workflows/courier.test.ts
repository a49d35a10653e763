/** The courier of a channel, on a server that skips the waiting: it goes on for as long as something waits, and never grows. */
import { expect, test } from '@jest/globals';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { join } from 'node:path';
import { packageRoot } from '../../client/local/paths.ts';
import { temporaryFolder } from '../local/support.ts';
import { serveSkipping } from './answering.ts';

/** More than one history holds: of eight hours each they are eighteen days. */
const ROUNDS = 55;

const folder = temporaryFolder();

test('tries for weeks in bounded histories, and ends when nothing is left', async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined), shutdownSignals: [] });
  const { client, connection, stop } = await serveSkipping(folder);
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(packageRoot(), 'workflows/notify/courier.ts'),
    logger: new DefaultLogger('ERROR', () => undefined),
  });
  const asked: string[] = [];
  const worker = await Worker.create({
    connection,
    taskQueue: 'couriers',
    workflowBundle: { code },
    activities: {
      deliver: async ({ channel }: { channel: string }) => {
        asked.push(channel);
        return asked.length < ROUNDS ? { nextInMs: 8 * 3_600_000 } : {};
      },
    },
  });
  await worker.runUntil(async () => {
    const options = { taskQueue: 'couriers', workflowId: 'pawl-notify-ops', args: ['ops'] };
    await client.workflow.execute('courier', options);
    expect(asked).toEqual(Array.from({ length: ROUNDS }, () => 'ops'));
    const { historyLength } = await client.workflow.getHandle('pawl-notify-ops').describe();
    // Of the second one: a few rounds and a wait.
    expect(historyLength).toBeLessThan(120);
  });
  await stop();
}, 300_000);
