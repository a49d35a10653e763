/** `stack.json` in pawl's home: where the local stack is, for other commands, and the claim that there is only one. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { codeOf, messageOf, UserError } from '../errors.ts';
import { makeFolder } from './make-folder.ts';
import { stillRuns } from './process-mark.ts';

/** What the stack's children are given to end by themselves after their parent was killed. */
const LEFTOVERS_TIMEOUT_MS = 45_000;

const StackInfo = z.object({
  /** The process that keeps the stack. */
  pid: z.number().int(),
  /** By which that very process is known: its id may be another's by now. */
  mark: z.string().optional(),
  startedAt: z.iso.datetime(),
  state: z.enum(['starting', 'running', 'stopping']),
  /** Absent: until it is known. */
  temporalAddress: z.string().optional(),
  temporalNamespace: z.string(),
  /** Absent if the Temporal server is not ours. */
  temporalUiUrl: z.string().optional(),
  taskQueue: z.string(),
  platform: z.enum(['sandbox', 'fireworks']),
  /** Absent for the real platform. */
  sandboxUrl: z.string().optional(),
  /** Of the HTTP API; absent: none was asked for. */
  apiUrl: z.string().optional(),
  /** Process ids of what the stack runs, by name. */
  processes: z.record(z.string(), z.number().int()),
  /** Marks of those processes, by the same names. */
  marks: z.record(z.string(), z.string()).optional(),
  /** Log files, by the same names. */
  logs: z.record(z.string(), z.string()),
});
export type StackInfo = z.output<typeof StackInfo>;

/** The stack that runs on this home now, if there is one. */
export async function readStack(home: string): Promise<StackInfo | undefined> {
  const info = await parseStackFile(stackFile(home));
  return info !== undefined && keeps(info) ? info : undefined;
}

/** A held claim on a home. */
export interface StackClaim {
  /** Replaces the file atomically. */
  write(info: StackInfo): Promise<void>;
  release(): Promise<void>;
}

async function makeHome(home: string): Promise<void> {
  try {
    await makeFolder(home, 0o700);
  } catch (cause) {
    throw new UserError(
      `pawl’s home ${home} cannot be made: ${messageOf(cause)}.`,
      'Make it by hand, or choose another with PAWL_HOME.',
      { cause },
    );
  }
}

/** Claims the home for this process, or says who has it. Waits for what a killed stack left running to end. */
export async function claimStack(
  home: string,
  info: StackInfo,
  onProgress: (message: string) => void,
): Promise<StackClaim> {
  const file = stackFile(home);
  await makeHome(home);
  const text = serialize(info);
  while (!(await createFile(file, text))) {
    await takeOver(file, home, onProgress);
  }
  const removeAtExit = (): void => rmSync(file, { force: true });
  process.once('exit', removeAtExit);
  return {
    async write(changed) {
      const draft = `${file}.${randomUUID()}`;
      await writeFile(draft, serialize(changed), { mode: 0o600 });
      await rename(draft, file);
    },
    async release() {
      process.off('exit', removeAtExit);
      await rm(file, { force: true });
    },
  };
}

function stackFile(home: string): string {
  return join(home, 'stack.json');
}

function serialize(info: StackInfo): string {
  return `${JSON.stringify(info, null, 2)}\n`;
}

async function createFile(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Removes the file if its stack is gone. Renaming first makes sure that it is the stale file that goes. */
async function takeOver(file: string, home: string, onProgress: (message: string) => void): Promise<void> {
  const seen = await parseStackFile(file);
  if (seen !== undefined && keeps(seen)) throw taken(home, seen.pid);
  if (seen !== undefined) await leftoversGone(seen, onProgress);
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const moved = await parseStackFile(aside);
  if (moved !== undefined && keeps(moved)) {
    await rename(aside, file);
    throw taken(home, moved.pid);
  }
  await rm(aside, { force: true });
}

function taken(home: string, pid: number): UserError {
  return new UserError(
    `A pawl stack (process ${pid}) is running on ${home} already.`,
    `Use it, stop it with Ctrl-C or kill ${pid}, or choose another home with PAWL_HOME.`,
  );
}

/** Two Temporal servers on one database file would damage it: the old ones must have ended. */
async function leftoversGone(info: StackInfo, onProgress: (message: string) => void): Promise<void> {
  const running = (): [string, number][] =>
    bootedBefore(info)
      ? Object.entries(info.processes).filter(([name, pid]) => stillRuns(pid, info.marks?.[name]))
      : [];
  if (running().length === 0) return;
  onProgress('Waiting for what an earlier stack left behind to end');
  const deadline = performance.now() + LEFTOVERS_TIMEOUT_MS;
  while (running().length > 0) {
    if (performance.now() > deadline) {
      const names = running().map(([name, pid]) => `${name} (process ${pid})`);
      throw new UserError(`An earlier stack left ${names.join(', ')} running.`, 'End these processes and try again.');
    }
    await sleep(100);
  }
}

/** Nothing if there is no file, or one that is torn or not ours: such a file speaks for no stack. */
async function parseStackFile(file: string): Promise<StackInfo | undefined> {
  try {
    const parsed = StackInfo.safeParse(JSON.parse(await readFile(file, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function keeps(info: StackInfo): boolean {
  return bootedBefore(info) && stillRuns(info.pid, info.mark);
}

/** Process ids of an earlier boot mean nothing. */
function bootedBefore(info: StackInfo): boolean {
  const bootedAt = Date.now() - uptime() * 1000;
  // Both clocks are rounded and may be set: a few seconds do not make another boot.
  return Date.parse(info.startedAt) > bootedAt - 5_000;
}
