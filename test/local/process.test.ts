import { afterEach, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../../client/local/alive.ts';
import { keepProcess, type KeptProcess, type ProcessEvent, type ProcessOptions } from '../../client/local/process.ts';
import { runModule, temporaryFolder, until } from './support.ts';

const folder = temporaryFolder();
const kept: KeptProcess<unknown>[] = [];
let files = 0;

/** A Node program that runs until it is told to end, in place of the ones that pawl runs. */
function program(source: string, changes: Partial<ProcessOptions<string>> = {}): ProcessOptions<string> {
  return {
    name: 'example',
    command: process.execPath,
    args: ['--eval', source],
    env: { PATH: process.env['PATH'] ?? '' },
    logFile: join(folder, `${(files += 1)}.log`),
    ready: { by: 'line', parse: (line) => line },
    readyTimeoutMs: 20_000,
    stopTimeoutMs: 5_000,
    ...changes,
  };
}

async function keep(options: ProcessOptions<string>, events: ProcessEvent[] = []): Promise<KeptProcess<string>> {
  const process = await keepProcess(options, (event) => events.push(event));
  kept.push(process);
  return process;
}

afterEach(async () => {
  await Promise.all(kept.splice(0).map((process) => process.stop()));
});

const FOREVER = 'setInterval(() => {}, 1000);';

describe('a kept process', () => {
  test('is ready with its first line, and its pid is its own', async () => {
    const process = await keep(program(`console.log(String(process.pid)); ${FOREVER}`));
    expect(process.value()).toBe(String(process.pid()));
  });

  test('writes both its outputs to the log', async () => {
    const options = program(`console.error('on stderr'); console.log('on stdout'); ${FOREVER}`);
    await keep(options);
    const log = readFileSync(options.logFile, 'utf8');
    expect(log).toContain('on stderr');
    expect(log).toContain('on stdout');
  });

  test('is started again after a crash, and says why', async () => {
    const events: ProcessEvent[] = [];
    const example = await keep(program(`console.log(String(process.pid)); ${FOREVER}`), events);
    const first = Number(example.value());
    process.kill(first, 'SIGKILL');
    await until(() => events.some((event) => event.kind === 'restarted'));
    expect(events[0]).toEqual({ name: 'example', kind: 'ended', detail: 'ended with code 137' });
    expect(example.pid()).not.toBe(first);
    expect(example.value()).toBe(String(example.pid()));
  });

  test('is started again and again while it fails to become ready', async () => {
    const flag = join(folder, 'lives');
    // Fails in its second and third life.
    const source = `
      const fs = require('node:fs');
      fs.appendFileSync(${JSON.stringify(flag)}, '.');
      const lives = fs.statSync(${JSON.stringify(flag)}).size;
      if (lives === 2 || lives === 3) process.exit(3);
      console.log(String(lives));
      ${FOREVER}`;
    const events: ProcessEvent[] = [];
    const example = await keep(program(source), events);
    process.kill(example.pid() ?? 0, 'SIGKILL');
    await until(() => example.value() === '4');
    expect(events.map((event) => event.kind)).toEqual(['ended', 'failed', 'failed', 'restarted']);
  });

  test('is given SIGTERM and the time to end by itself', async () => {
    const options = program(`
      process.on('SIGTERM', () => setTimeout(() => { console.log('drained'); process.exit(0); }, 200));
      console.log('ready'); ${FOREVER}`);
    const process = await keep(options);
    await process.stop();
    expect(readFileSync(options.logFile, 'utf8')).toContain('drained');
  });

  test('is killed if it ignores SIGTERM', async () => {
    const options = program(`process.on('SIGTERM', () => {}); console.log('ready'); ${FOREVER}`, {
      stopTimeoutMs: 200,
    });
    const process = await keep(options);
    const pid = process.pid() ?? 0;
    await process.stop();
    expect(isAlive(pid)).toBe(false);
  });

  test('ends when its supervisor is killed, and is started again', async () => {
    const events: ProcessEvent[] = [];
    const example = await keep(program(`console.log(String(process.ppid)); ${FOREVER}`), events);
    const pid = example.pid() ?? 0;
    process.kill(Number(example.value()), 'SIGKILL');
    await until(() => events.some((event) => event.kind === 'restarted'));
    expect(isAlive(pid)).toBe(false);
  });
});

describe('a process that does not start', () => {
  test('is refused with what it last wrote', async () => {
    const options = program(`console.error('the disk is full'); process.exit(9);`);
    await expect(keep(options)).rejects.toThrow(/example did not start: .*\(the disk is full\)/);
  });

  test('is refused if its command is not there', async () => {
    await expect(keep(program('', { command: '/nowhere/temporal' }))).rejects.toThrow(/ENOENT/);
  });

  test('is stopped if it is not ready in time', async () => {
    const options = program(`console.error(String(process.pid)); ${FOREVER}`, { readyTimeoutMs: 1_000 });
    await expect(keep(options)).rejects.toThrow(/not ready within 1 s/);
    const pid = Number(/^\d+$/m.exec(readFileSync(options.logFile, 'utf8'))?.[0]);
    expect(pid).toBeGreaterThan(0);
    expect(isAlive(pid)).toBe(false);
  });
});

/** A process that keeps another one, prints its pid, and does nothing about its own end. */
function parentOf(child: string): string {
  const options = { ...program(child, { stopTimeoutMs: 500 }), ready: undefined };
  return `
    import { keepProcess } from './lib/client/local/process.js';
    const kept = await keepProcess({ ...${JSON.stringify(options)}, ready: { by: 'line', parse: String } });
    console.log(String(kept.pid()));`;
}

test.each([
  ['is killed', 'SIGKILL', FOREVER],
  ['is killed, although it ignores SIGTERM', 'SIGKILL', `process.on('SIGTERM', () => {}); ${FOREVER}`],
  ['is terminated', 'SIGTERM', FOREVER],
] as const)('nothing is left when the parent %s', async (_name, signal, source) => {
  const parent = await runModule(parentOf(`console.log('ready'); ${source}`));
  const pid = Number(parent.line);
  expect(isAlive(pid)).toBe(true);
  parent.process.kill(signal);
  await until(() => !isAlive(pid));
});
