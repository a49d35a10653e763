import { describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { claimStack, readStack, type StackInfo } from '../../client/local/stack-file.ts';
import { temporaryFolder } from './support.ts';

const folder = temporaryFolder();
const ignore = (): void => undefined;

function newHome(): string {
  return mkdtempSync(join(folder, 'home-'));
}

function info(changes: Partial<StackInfo> = {}): StackInfo {
  return {
    pid: process.pid,
    startedAt: new Date().toISOString(),
    state: 'starting',
    temporalNamespace: 'default',
    taskQueue: 'pawl',
    platform: 'sandbox',
    processes: {},
    logs: {},
    ...changes,
  };
}

/** The id of a process that has ended. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
  return child.pid ?? 0;
}

function leave(home: string, content: string): void {
  writeFileSync(join(home, 'stack.json'), content);
}

describe('a claimed home', () => {
  test('is known to others, with what was written last', async () => {
    const home = newHome();
    const claim = await claimStack(home, info(), ignore);
    const running = info({ state: 'running', temporalAddress: '127.0.0.1:7233', processes: { worker: 17 } });
    await claim.write(running);
    expect(await readStack(home)).toEqual(running);
    await claim.release();
  });

  test('is refused to a second stack, which is told who has it', async () => {
    const home = newHome();
    const claim = await claimStack(home, info(), ignore);
    await expect(claimStack(home, info(), ignore)).rejects.toThrow(
      `A pawl stack (process ${process.pid}) is running on ${home} already.`,
    );
    await claim.release();
  });

  test('is claimed by one of many that try at once', async () => {
    const home = newHome();
    leave(home, JSON.stringify(info({ pid: await endedPid() })));
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => claimStack(home, info(), ignore)));
    expect(attempts.filter((attempt) => attempt.status === 'fulfilled')).toHaveLength(1);
    expect(readdirSync(home)).toEqual(['stack.json']);
  });

  test('is free again once released', async () => {
    const home = newHome();
    const claim = await claimStack(home, info(), ignore);
    await claim.release();
    expect(await readStack(home)).toBeUndefined();
    expect(readdirSync(home)).toEqual([]);
  });
});

describe('a home left behind', () => {
  test('by a process that was killed is free', async () => {
    const home = newHome();
    leave(home, JSON.stringify(info({ pid: await endedPid() })));
    expect(await readStack(home)).toBeUndefined();
    const claim = await claimStack(home, info(), ignore);
    expect(await readStack(home)).toBeDefined();
    await claim.release();
  });

  test('before the machine was started is free, whatever has that process id now', async () => {
    const home = newHome();
    leave(home, JSON.stringify(info({ startedAt: '2001-01-01T00:00:00.000Z' })));
    expect(await readStack(home)).toBeUndefined();
    await (await claimStack(home, info(), ignore)).release();
  });

  test.each(['', '{"pid":', '{"pid":1}'])('with the torn file %p is free', async (content) => {
    const home = newHome();
    leave(home, content);
    expect(await readStack(home)).toBeUndefined();
    await (await claimStack(home, info(), ignore)).release();
  });

  test('is free only when what its stack ran has ended', async () => {
    const home = newHome();
    const leftover = spawn(process.execPath, ['--eval', 'setTimeout(() => {}, 600)'], { stdio: 'ignore' });
    let ended = false;
    leftover.once('exit', () => (ended = true));
    leave(home, JSON.stringify(info({ pid: await endedPid(), processes: { temporal: leftover.pid ?? 0 } })));
    const said: string[] = [];
    const claim = await claimStack(home, info(), (message) => said.push(message));
    expect(ended).toBe(true);
    expect(said).toEqual(['Waiting for what an earlier stack left behind to end']);
    await claim.release();
  });
});
