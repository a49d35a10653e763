/** What befalls a store, and how it ends. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import type { DisturbedStack } from '../../../chaos/stack.ts';
import { storeFile } from '../../../client/index.ts';
import { restore } from '../../../store/backup/backup.ts';

/** While it lasts the store cannot be written; absent: it is another store from one moment to the next. */
export interface Trouble {
  readonly lasts?: RegExp;
  /** What only the store had is gone with it: steps and samples. */
  readonly loses: boolean;
  /** `copy`: a backup of an earlier moment. Returns what ends it. */
  begin(stack: DisturbedStack, copy: string): Promise<() => Promise<void>>;
}

export const TROUBLES = {
  'moved away': {
    loses: true,
    async begin(stack) {
      moveAway(stack);
      return nothing;
    },
  },
  'moved away, and put back': {
    loses: true,
    async begin(stack) {
      const aside = moveAway(stack);
      return async () => renameSync(aside, storeFile(stack.home));
    },
  },
  'lost while no worker runs': {
    loses: true,
    async begin(stack) {
      for (const name of stack.workerNames()) await stack.stopWorker(name);
      for (const ending of ['', '-wal', '-shm']) rmSync(`${storeFile(stack.home)}${ending}`, { force: true });
      for (const name of stack.workerNames()) await stack.startWorker(name);
      return nothing;
    },
  },
  locked: {
    lasts: /store .*pawl\.db is locked by another process: close what holds it/,
    loses: false,
    async begin(stack) {
      const holder = new Database(storeFile(stack.home), { timeout: 10_000 });
      holder.exec('BEGIN EXCLUSIVE');
      return async () => {
        holder.exec('ROLLBACK');
        holder.close();
      };
    },
  },
  /** A limit on where in a file its workers may write: what a full disk is to all, for them. */
  full: {
    lasts: /disk of the store .*pawl\.db/,
    loses: false,
    async begin(stack) {
      const pids = stack.workerNames().map((name) => stack.pid(name));
      // The store's log begins again at its front from time to time; in front of this limit there is room for a few rows.
      for (const pid of pids) limitFileSize(pid, '65536');
      return async () => {
        for (const pid of pids) limitFileSize(pid, 'unlimited');
      };
    },
  },
  'set back to an older copy': {
    loses: true,
    async begin(stack, copy) {
      moveAway(stack);
      await restoreCopy(copy, stack.home);
      return nothing;
    },
  },
} satisfies Record<string, Trouble>;

export type TroubleName = keyof typeof TROUBLES;

/** A disk of its own for everything, small enough to be filled: what befalls Temporal and the platform, too. */
export const WHOLE_DISK: Trouble = {
  lasts: /no space left|disk of the store .*pawl\.db|does not answer/,
  loses: false,
  async begin({ home }) {
    const everythingElse = join(home, 'everything-else');
    // It ends as it should only when there is no room left.
    for (const size of ['1M', '4096']) {
      const { status } = spawnSync('dd', ['if=/dev/zero', `of=${everythingElse}.${size}`, `bs=${size}`]);
      if (status === 0) throw new Error(`${home} cannot be filled`);
    }
    return async () => {
      for (const size of ['1M', '4096']) rmSync(`${everythingElse}.${size}`);
    };
  },
};

let moved = 0;

function moveAway({ home }: DisturbedStack): string {
  const aside = join(home, `moved-${++moved}.db`);
  renameSync(storeFile(home), aside);
  return aside;
}

/** Workers that go on make a store of their own at once: whoever restores one under them must be quicker, or try again. */
async function restoreCopy(copy: string, home: string): Promise<void> {
  for (;;) {
    try {
      await restore(copy, home);
      return;
    } catch (error) {
      if (!(error instanceof Error && error.message.includes('has a store'))) throw error;
      renameSync(storeFile(home), join(home, `moved-${++moved}.db`));
    }
  }
}

async function nothing(): Promise<void> {}

function limitFileSize(pid: number | undefined, limit: string): void {
  if (pid === undefined) throw new Error('the worker has no process');
  const { status } = spawnSync('prlimit', ['--pid', String(pid), `--fsize=${limit}:`]);
  if (status !== 0) throw new Error(`prlimit ended with ${status}`);
}

/** A folder that is a disk of its own; undefined where mounting is not allowed. */
export function mountSmallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'pawl-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256m', 'tmpfs', folder]);
  if (status === 0) return folder;
  rmSync(folder, { recursive: true });
  return undefined;
}

export function mayMount(): boolean {
  const folder = mountSmallDisk();
  if (folder !== undefined) unmount(folder);
  return folder !== undefined;
}

export function unmount(folder: string): void {
  // Lazily: a log may be open for a moment longer.
  spawnSync('umount', ['-l', folder]);
  rmSync(folder, { recursive: true, force: true });
}
