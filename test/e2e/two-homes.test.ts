/** Two homes on one machine and one Temporal: neither works for the other. And workers that cannot work. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../../client/local/paths.ts';
import type { StackInfo } from '../../client/local/stack.ts';
import { writeExperiment } from './experiment.ts';
import { Pawl, type Finished } from './pawl.ts';

const SHORT = { train: { steps: 4, batchSize: 4, optimizer: { learningRate: 0.01 } }, checkpoint: { every: 4 } };

const pawl = new Pawl();
let stack: StackInfo;
let otherHome: string;

beforeAll(async () => {
  stack = await pawl.up();
  otherHome = join(pawl.home, 'another');
  mkdirSync(otherHome);
}, 600_000);

afterAll(async () => {
  await pawl.cleanUp();
}, 300_000);

/** As somebody would who works in the other home, on the same Temporal. */
function there(args: readonly string[]): Promise<Finished> {
  const { temporalAddress = '' } = stack;
  return pawl.run(args, { PAWL_HOME: otherHome, TEMPORAL_ADDRESS: temporalAddress });
}

/** Until the process ends by itself. */
async function worker(environment: Record<string, string>): Promise<{ code: unknown; stderr: string }> {
  const child = spawn(process.execPath, [join(packageRoot(), 'lib/worker/main.js')], {
    env: {
      PATH: process.env['PATH'],
      FIREWORKS_API_KEY: 'sandbox',
      FIREWORKS_BASE_URL: stack.sandboxUrl,
      PAWL_HOME: otherHome,
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const [code] = (await once(child, 'close')) as unknown[];
  return { code, stderr };
}

describe('a home without a stack', () => {
  test('does not use whatever runs elsewhere', async () => {
    const file = writeExperiment(join(pawl.home, 'short'), SHORT);
    const { code, stderr } = await pawl.run(['run', file], { PAWL_HOME: otherHome });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/pawl up|TEMPORAL_ADDRESS/);
    expect((await pawl.ledger()).trainers).toEqual([]);
  });

  test('stops a run that no worker took: nothing is rented, and a worker that comes later ends it', async () => {
    const early = await pawl.worker('early', { PAWL_HOME: otherHome, PAWL_TASK_QUEUE: 'pawl' });
    await early.stop();
    const file = writeExperiment(join(pawl.home, 'short'), SHORT);
    const started = await there(['run', file, '--detach', '--output', 'json']);
    const { runId } = JSON.parse(started.stdout) as { runId: string };
    const stopped = await there(['stop', runId, '--now']);
    expect(stopped.code).toBe(0);
    const late = await pawl.worker('late', { PAWL_HOME: otherHome, PAWL_TASK_QUEUE: 'pawl' });
    let outcome = '';
    while (outcome !== 'cancelled') {
      await sleep(500);
      const shown = await there(['show', runId, '--output', 'json']);
      outcome = shown.code === 0 ? (JSON.parse(shown.stdout) as { outcome: string }).outcome : '';
    }
    await late.stop();
    expect((await pawl.ledger()).trainers).toEqual([]);
  }, 300_000);
});

describe('two homes on one Temporal', () => {
  test('each does its own runs, and lists no other', async () => {
    const other = await pawl.worker('pawl', { PAWL_HOME: otherHome });
    const file = writeExperiment(join(pawl.home, 'short'), SHORT);
    const ids = [];
    for (let number = 0; number < 3; number++) ids.push(await pawl.start(file));
    for (const runId of ids) await pawl.until(runId, ({ outcome }) => outcome === 'finished');
    const listed = JSON.parse((await there(['list', '--output', 'json'])).stdout) as { runId: string }[];
    expect(JSON.stringify(listed)).not.toMatch(new RegExp(ids.join('|')));
    const shown = await there(['show', ids[0] ?? '']);
    expect(shown.code).not.toBe(0);
    expect(shown.stderr).toMatch(/another store|no run/);
    await other.stop();
  }, 300_000);
});

describe('a run under an id of one’s own', () => {
  test('is submitted once, however often it is asked for; another experiment is refused with what differs', async () => {
    const file = writeExperiment(join(pawl.home, 'short'), SHORT);
    const before = (await pawl.ledger()).trainers.length;
    const submit = (...more: string[]): Promise<Finished> =>
      pawl.run(['run', file, '--id', 'nightly-1', '--detach', '--output', 'json', ...more]);
    const both = await Promise.all([submit(), submit()]);
    const said = both.map(({ stdout }) => JSON.parse(stdout) as { runId: string; existed: boolean });
    expect(said.map(({ runId }) => runId)).toEqual(['nightly-1', 'nightly-1']);
    expect(said.map(({ existed }) => Number(existed)).toSorted((a, b) => a - b)).toEqual([0, 1]);
    await pawl.until('nightly-1', ({ outcome }) => outcome === 'finished');
    expect(JSON.parse((await submit()).stdout)).toEqual({ runId: 'nightly-1', existed: true });
    const other = await submit('--set', 'train.optimizer.learningRate=0.02');
    expect(other.code).not.toBe(0);
    expect(other.stderr).toContain(
      'There is a run nightly-1 already, with another experiment (train.optimizer.learningRate',
    );
    expect((await pawl.ledger()).trainers.length).toBe(before + 1);
  }, 300_000);
});

describe('a worker that cannot work ends, and says why', () => {
  test.each(['9000000000000', '0', 'often'])('with a schedule that no server takes: %s seconds', async (seconds) => {
    const { code, stderr } = await worker({ PAWL_RECONCILE_SECONDS: seconds });
    expect(code).toBe(1);
    expect(stderr).toContain('PAWL_RECONCILE_SECONDS must be a whole number of seconds from 1 to 604800');
  });

  test('with a Temporal that is silent', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const { code, stderr } = await worker({ TEMPORAL_ADDRESS: `127.0.0.1:${port}`, PAWL_START_SECONDS: '3' });
    silent.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(/pawl worker: Temporal does not answer at 127\.0\.0\.1.*TEMPORAL_ADDRESS/);
  }, 120_000);
});
