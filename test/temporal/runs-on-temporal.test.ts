/** What Temporal is asked about runs, of a real server. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../../client/local/paths.ts';
import type { TemporalServer } from '../../client/local/temporal-server.ts';
import { TemporalLink } from '../../client/temporal/temporal-link.ts';
import { temporaryFolder } from '../local/support.ts';
import { temporalIn } from '../local/temporal.ts';

const folder = temporaryFolder();
let server: TemporalServer;

beforeAll(async () => {
  server = await temporalIn(folder);
}, 600_000);

afterAll(async () => {
  await server?.stop();
}, 300_000);

test('a run of sixty executions is one run, and as it stands now', async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined), shutdownSignals: [] });
  const workflowsPath = join(packageRoot(), 'test', 'temporal', 'looping', 'run.ts');
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const [taskQueue, other] = ['this-store', 'another-store'];
  const connection = await NativeConnection.connect({ address: server.address });
  const worker = await Worker.create({ connection, taskQueue, workflowBundle });
  const clientConnection = await Connection.connect({ address: server.address });
  const client = new Client({ connection: clientConnection });
  const queues = { forWork: () => Promise.resolve(taskQueue), all: () => Promise.resolve([taskQueue]) };
  const link = new TemporalLink({ address: server.address, namespace: 'default', queues });
  await worker.runUntil(async () => {
    await client.workflow.start('run', { workflowId: 'short-00000001', taskQueue, args: [1] });
    await client.workflow.start('run', { workflowId: 'elsewhere-00000001', taskQueue: other, args: [1] });
    const long = await client.workflow.start('run', { workflowId: 'long-00000001', taskQueue, args: [60] });
    const listed = async (): Promise<string[]> =>
      (await link.list({ limit: 50 })).map(({ workflowId, status }) => `${workflowId} ${status.name}`).sort();
    // What is listed lags behind.
    while ((await executions(client)) < 60) await sleep(100);
    expect(await listed()).toEqual(['long-00000001 RUNNING', 'short-00000001 RUNNING']);
    await client.workflow.getHandle(long.workflowId).terminate('by hand');
    while (!(await listed()).includes('long-00000001 TERMINATED')) await sleep(100);
    expect(await listed()).toEqual(['long-00000001 TERMINATED', 'short-00000001 RUNNING']);
  });
  await link.close();
  await clientConnection.close();
  await connection.close();
}, 300_000);

async function executions(client: Client): Promise<number> {
  const { count } = await client.workflow.count('WorkflowId = "long-00000001"');
  return count;
}
