/** What the tests of the local stack share: folders that go away, processes that are gone, a parent to kill. */
import { afterAll } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig, type ClientConfig } from '../../client/config.ts';
import { packageRoot } from '../../client/local/paths.ts';

/** A folder that is removed after the tests of this file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pawl-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** The environment of this test run, with a home of its own. */
export function testConfig(home: string, changes: Record<string, string | undefined> = {}): ClientConfig {
  return readConfig({ ...process.env, TEMPORAL_ADDRESS: '', PAWL_HOME: home, ...changes });
}

/** Resolves once the condition holds; the test's own time limit is the deadline. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}

/** A Node process of its own that runs a module over the compiled pawl, and its first line of output. */
export async function runModule(source: string): Promise<{ process: ChildProcess; line: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: packageRoot(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the module ended with ${code} before it printed a line`)));
  });
  return { process: child, line };
}
