import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import Database from 'libsql';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Evidence } from '../../chaos/evidence.ts';
import { storeFile } from '../../client/index.ts';
import { Disturbed } from './disturbed.ts';

/** Longer than the store itself waits for a lock. */
const LOCKED_MS = 12_000;

let disturbed: Disturbed;
let undisturbed: Evidence;

beforeAll(async () => {
  disturbed = await Disturbed.start();
  undisturbed = await disturbed.undisturbed();
}, 600_000);

afterAll(async () => {
  await disturbed.stack.stop();
}, 300_000);

function limitFileSize(pid: number, limit: string): boolean {
  return spawnSync('prlimit', ['--pid', String(pid), `--fsize=${limit}:`]).status === 0;
}

/** A folder that is a disk of its own, small enough to be filled; undefined where mounting is not allowed. */
function mountSmallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'pawl-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', folder]);
  if (status === 0) return folder;
  rmSync(folder, { recursive: true });
  return undefined;
}

function unmount(folder: string): void {
  // Lazily: a log may be open for a moment longer.
  spawnSync('umount', ['-l', folder]);
  rmSync(folder, { recursive: true, force: true });
}

function mayMount(): boolean {
  const folder = mountSmallDisk();
  if (folder !== undefined) unmount(folder);
  return folder !== undefined;
}

function fill(folder: string): string {
  const path = join(folder, 'everything-else');
  const { status } = spawnSync('dd', ['if=/dev/zero', `of=${path}`, 'bs=4096']);
  // It ends as it should only when there is no room left.
  expect(status).not.toBe(0);
  return path;
}

(mayMount() ? describe : describe.skip)('one disk for Temporal, the platform and the store', () => {
  let home = '';
  let own: Disturbed | undefined;

  beforeAll(() => {
    home = mountSmallDisk() ?? '';
  });

  afterAll(async () => {
    await own?.stack.stop();
    unmount(home);
  }, 300_000);

  test('is full for a while: the run waits, says why, and loses nothing', async () => {
    own = await Disturbed.start({ home });
    const runId = await own.submit();
    await own.until(runId, ({ steps }) => steps.length >= 5);
    const everythingElse = fill(home);
    const during = await own.until(runId, ({ waiting }) => waiting !== undefined);
    expect(during.waiting?.message).toMatch(/no space left|disk of the store .*pawl\.db|does not answer/);
    rmSync(everythingElse);
    expect(await own.evidence(runId)).toEqual(undisturbed);
  }, 600_000);
});

describe('a run loses nothing', () => {
  test('while another process holds the store locked', async () => {
    const runId = await disturbed.submit();
    await disturbed.until(runId, ({ steps }) => steps.length >= 5);
    const holder = new Database(storeFile(disturbed.stack.home));
    holder.exec('BEGIN EXCLUSIVE');
    await sleep(LOCKED_MS);
    const during = await disturbed.until(runId, ({ waiting }) => waiting !== undefined);
    expect(during.waiting?.message).toMatch(/store .*pawl\.db is locked by another process: close what holds it/);
    holder.exec('ROLLBACK');
    holder.close();
    expect(await disturbed.evidence(runId)).toEqual(undisturbed);
  }, 600_000);

  test('while there is no room for another row', async () => {
    const runId = await disturbed.submit();
    await disturbed.until(runId, ({ steps }) => steps.length >= 5);
    const pid = disturbed.stack.pid('worker-1');
    if (pid === undefined) throw new Error('the worker has no process');
    // A limit on where in a file this process may write: what a full disk is to all, for one. The store's log begins again at
    // its front from time to time; in front of this limit there is room for a few rows only.
    expect(limitFileSize(pid, '65536')).toBe(true);
    const during = await disturbed.until(runId, ({ waiting }) => waiting !== undefined);
    expect(during.waiting?.message).toMatch(/disk of the store .*pawl\.db/);
    expect(limitFileSize(pid, 'unlimited')).toBe(true);
    expect(await disturbed.evidence(runId)).toEqual(undisturbed);
  }, 600_000);
});
