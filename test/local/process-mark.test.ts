import { describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markOf, stillRuns } from '../../client/local/process-mark.ts';
import { claimStack, readStack } from '../../client/local/stack-file.ts';
import { lockState } from '../../sandbox/state-lock.ts';
import { temporaryFolder } from './support.ts';

const folder = temporaryFolder();
const hasMarks = markOf(process.pid) !== undefined;

/** A process that has nothing to do with pawl. */
async function withInnocent(work: (pid: number) => Promise<void>): Promise<void> {
  const innocent = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await new Promise((resolve) => innocent.once('spawn', resolve));
  try {
    await work(innocent.pid ?? 0);
  } finally {
    innocent.kill('SIGKILL');
  }
}

(hasMarks ? describe : describe.skip)('a process id that another process has by now', () => {
  test('is told apart by its mark', async () => {
    await withInnocent(async (pid) => {
      expect(stillRuns(pid, markOf(pid))).toBe(true);
      expect(stillRuns(pid, markOf(process.pid))).toBe(false);
      // Marks of an earlier version, or of another system, say nothing.
      expect(stillRuns(pid, undefined)).toBe(true);
      await Promise.resolve();
    });
  });

  test('keeps no stack from its home, nor is it waited for', async () => {
    await withInnocent(async (pid) => {
      const home = mkdtempSync(join(folder, 'home-'));
      const info = {
        pid,
        mark: 'another-boot/17',
        startedAt: new Date().toISOString(),
        state: 'running',
        temporalNamespace: 'default',
        taskQueue: 'pawl',
        platform: 'sandbox',
        processes: { worker: pid },
        marks: { worker: 'another-boot/18' },
        logs: {},
      } as const;
      writeFileSync(join(home, 'stack.json'), JSON.stringify(info));
      expect(await readStack(home)).toBeUndefined();
      const said: string[] = [];
      const claim = await claimStack(home, { ...info, pid: process.pid }, (message) => said.push(message));
      expect(said).toEqual([]);
      await claim.release();
    });
  });

  test('keeps no sandbox from its state', async () => {
    await withInnocent(async (pid) => {
      const state = join(folder, 'sandbox');
      mkdirSync(state);
      writeFileSync(join(state, 'sandbox.pid'), `${pid} another-boot/17`);
      lockState(state);
      expect(readFileSync(join(state, 'sandbox.pid'), 'utf8')).toBe(`${process.pid} ${markOf(process.pid)}`);
      writeFileSync(join(state, 'sandbox.pid'), `${pid} ${markOf(pid)}`);
      expect(() => lockState(state)).toThrow(`in use by process ${pid}`);
      await Promise.resolve();
    });
  });
});
