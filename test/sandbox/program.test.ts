import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { DATA, Deployed, Sandbox, startTrainer, until, waitForJob, type Json } from './harness.ts';

const MAIN = join(process.cwd(), 'lib', 'sandbox', 'main.js');

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function runToEnd(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const code = await new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  return { code, stdout, stderr };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // Where nobody collects orphans, a dead process stays in the table as a zombie.
    return !existsSync(`/proc/${pid}/stat`) || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

interface Processes extends Json {
  readonly processes: { readonly trainers: Record<string, number>; readonly replicas: Record<string, number[]> };
}

async function processesOf(sandbox: Sandbox): Promise<number[]> {
  const { processes } = await sandbox.ok<Processes>('GET', '/sandbox/v1/ledger');
  return [...Object.values(processes.trainers), ...Object.values(processes.replicas).flat()];
}

async function replicasOf(sandbox: Sandbox): Promise<number[]> {
  const { processes } = await sandbox.ok<Processes>('GET', '/sandbox/v1/ledger');
  return processes.replicas['dep-1'] ?? [];
}

describe('the program', () => {
  test('--help teaches', async () => {
    const { code, stdout } = await runToEnd('--help');
    expect(code).toBe(0);
    for (const word of ['--port', '--state', 'SANDBOX_API_KEY', '"url"']) expect(stdout).toContain(word);
  });

  test('a bad flag is one line with the remedy', async () => {
    const { code, stdout, stderr } = await runToEnd('--port', 'many');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('--port');
    expect((await runToEnd('--prot', '1')).stderr).toContain('--help');
  });

  test('a port or a state folder in use is one line with the remedy, and harms nobody', async () => {
    const sandbox = await Sandbox.start();
    try {
      await startTrainer(sandbox, 'job-1');
      const port = new URL(sandbox.url).port;
      const taken = await runToEnd('--port', port, '--state', sandbox.state);
      expect(taken).toMatchObject({ code: 1, stdout: '' });
      expect(taken.stderr.trim()).toMatch(/^sandbox: port \d+ is in use: .*--port/);
      const shared = await runToEnd('--port', '0', '--state', sandbox.state);
      expect(shared).toMatchObject({ code: 1, stdout: '' });
      expect(shared.stderr.trim()).toMatch(/^sandbox: the state folder .* is in use by process \d+: .*--state/);
      await waitForJob(sandbox, 'job-1', 'JOB_STATE_RUNNING');
    } finally {
      await sandbox.close();
    }
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)('%s leaves no process behind', async (signal) => {
    const sandbox = await Sandbox.start();
    try {
      await startTrainer(sandbox, 'job-1');
      await Deployed.create(sandbox, 'dep-1', 'job-1');
      const children = await processesOf(sandbox);
      expect(children).toHaveLength(2);
      expect(await sandbox.stop(signal)).toBe(signal === 'SIGKILL' ? null : 0);
      await until(
        () => Promise.resolve(children.filter(isAlive)),
        (alive) => alive.length === 0,
      );
    } finally {
      await sandbox.close();
    }
  });

  test('with --exit-with-parent it goes when its standard input closes', async () => {
    const state = mkdtempSync(join(tmpdir(), 'pawl-sandbox-'));
    const args = [MAIN, '--port', '0', '--state', state, '--exit-with-parent', '--log-level', 'silent'];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdin.end();
    expect(await exited).toBe(0);
    rmSync(state, { recursive: true });
  });

  test('what the platform keeps survives a restart; what lives in a trainer does not', async () => {
    let sandbox = await Sandbox.start();
    try {
      const model = await (await startTrainer(sandbox, 'job-1')).model();
      const deployed = await Deployed.create(sandbox, 'dep-1', 'job-1');
      await model.step(DATA);
      await model.save('state-1');
      await model.snapshot('base-1', 'base');
      await model.step(DATA);
      await model.snapshot('delta-2', 'delta');
      await deployed.sync('base-1');
      await deployed.sync('delta-2', 'base-1');
      const answer = (await deployed.complete([10, 11, 3])).body;
      await model.load('state-1');
      const scores = await model.forward(DATA);
      const { trainers } = await sandbox.ok<{ trainers: Json[] }>('GET', '/sandbox/v1/ledger');
      await sandbox.stop('SIGKILL');

      sandbox = await Sandbox.start(sandbox.state);
      await waitForJob(sandbox, 'job-1', 'JOB_STATE_FAILED');
      expect((await sandbox.ok<{ trainers: Json[] }>('GET', '/sandbox/v1/ledger')).trainers).toEqual(trainers);
      const back = new Deployed(sandbox, 'dep-1');
      await back.waitFor('READY');
      expect((await back.status())[0]).toMatchObject({ current_snapshot_identity: 'delta-2', readiness: true });
      const again = (await back.complete([10, 11, 3])).body;
      expect([again.model, again.choices]).toEqual([answer.model, answer.choices]);

      await sandbox.ok('POST', '/v1/accounts/sandbox/rlorTrainerJobs/job-1:resume');
      await waitForJob(sandbox, 'job-1', 'JOB_STATE_RUNNING');
      const trainer = await startTrainer(sandbox, 'job-2');
      const restored = await trainer.model();
      await restored.load('cross_job://job-1/state-1');
      expect(await restored.forward(DATA)).toEqual(scores);
    } finally {
      await sandbox.close();
    }
  });

  test('a replica that dies is replaced by one that serves the same', async () => {
    const sandbox = await Sandbox.start();
    try {
      const model = await (await startTrainer(sandbox, 'job-1')).model();
      await model.snapshot('base-1', 'base');
      const deployed = await Deployed.create(sandbox, 'dep-1', 'job-1');
      await deployed.sync('base-1');
      const [first = 0] = await replicasOf(sandbox);
      process.kill(first, 'SIGKILL');
      await until(
        () => replicasOf(sandbox),
        ([pid = first]) => pid !== first,
      );
      const replicas = await until(
        () => deployed.status(),
        (found) => found.length > 0,
      );
      expect(replicas[0]).toMatchObject({ current_snapshot_identity: 'base-1', readiness: true });
    } finally {
      await sandbox.close();
    }
  });
});
