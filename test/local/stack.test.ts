import { afterEach, describe, expect, test } from '@jest/globals';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../../client/local/alive.ts';
import { diagnose } from '../../client/local/doctor.ts';
import { readStack, startStack, type Stack, type StackOptions } from '../../client/local/stack.ts';
import { runModule, temporaryFolder, testConfig, until } from './support.ts';

const folder = temporaryFolder();
const REAL_KEY = 'fw_never_to_reach_the_sandbox';

function stackOptions(changes: Record<string, string> = {}): StackOptions {
  const home = mkdtempSync(join(folder, 'home-'));
  return {
    config: testConfig(home, { FIREWORKS_API_KEY: '', FIREWORKS_BASE_URL: '', ...changes }),
    platform: 'sandbox',
    temporalPort: 'any',
    temporalUiPort: 'any',
    sandboxPort: 'any',
  };
}

/** What a process was started with; nothing where the system does not tell. */
function environmentOf(pid: number | undefined): string {
  const file = `/proc/${pid}/environ`;
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

let started: Stack[] = [];

async function start(options: StackOptions): Promise<Stack> {
  const stack = await startStack(options);
  started.push(stack);
  return stack;
}

afterEach(async () => {
  await Promise.all(started.map((stack) => stack.stop()));
  started = [];
});

describe('a local stack', () => {
  test('runs Temporal, the sandbox and a worker, is found by others, and leaves nothing when stopped', async () => {
    const options = stackOptions({ FIREWORKS_API_KEY: REAL_KEY });
    const { home } = options.config;
    const stack = await start(options);
    const info = stack.info();
    expect(Object.keys(info.processes).sort()).toEqual(['sandbox', 'temporal', 'worker']);
    await until(async () => (await readStack(home))?.state === 'running');
    expect(await readStack(home)).toEqual(info);

    const checks = await diagnose(options.config);
    expect(checks.filter((check) => check.status !== 'ok')).toEqual([]);
    expect(environmentOf(info.processes['worker'])).not.toContain(REAL_KEY);
    await expect(startStack(options)).rejects.toThrow(`A pawl stack (process ${process.pid}) is running on ${home}`);

    await Promise.all([stack.stop(), stack.stop()]);
    expect(Object.values(info.processes).filter(isAlive)).toEqual([]);
    expect(existsSync(join(home, 'stack.json'))).toBe(false);
  });

  test('that was killed leaves no process, and starts again on the same home', async () => {
    const options = stackOptions();
    const { home } = options.config;
    const parent = await runModule(`
      import { startStack } from './lib/client/local/stack.js';
      const stack = await startStack(${JSON.stringify(options)});
      console.log(JSON.stringify(stack.info().processes));`);
    const pids = Object.values(JSON.parse(parent.line) as Record<string, number>);
    expect(pids.filter(isAlive)).toHaveLength(3);
    parent.process.kill('SIGKILL');
    await new Promise((resolve) => parent.process.once('exit', resolve));
    expect(await readStack(home)).toBeUndefined();

    await start(options);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test('stops what it had started if the rest does not start', async () => {
    const options = stackOptions();
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(startStack({ ...options, sandboxPort: port })).rejects.toThrow(/wanted for the sandbox, is in use/);
    expect(existsSync(join(options.config.home, 'stack.json'))).toBe(false);
    const temporalLog = readFileSync(join(options.config.home, 'logs', 'temporal.log'), 'utf8');
    expect(temporalLog).toContain('ended with code 0');
    await new Promise((resolve) => other.close(resolve));
  });

  test('for the real platform is refused without its key, before anything is started', async () => {
    const options = stackOptions();
    await expect(startStack({ ...options, platform: 'fireworks' })).rejects.toThrow('FIREWORKS_API_KEY is not set');
    expect(existsSync(join(options.config.home, 'stack.json'))).toBe(false);
  });
});
