import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openStore } from '../../store/index.ts';
import { metrics, newFolder, newRun } from './fixtures.ts';

const COMPILED = join(process.cwd(), 'lib', 'store', 'index.js');

/** A process that opens the store, saves its run, and records steps one by one, printing each once it is acknowledged. */
const WRITER = `
const [library, path, run, first, last] = process.argv.slice(1);
const { openStore } = await import(library);
const store = await openStore({ path });
await store.saveRun(JSON.parse(run));
for (let step = Number(first); step <= Number(last); step++) {
  await store.recordSteps(JSON.parse(run).runId, [
    { step, generation: 1, lossMean: 2 / step, learningRate: 1e-3, tokens: 64, seconds: 0.25 },
  ]);
  process.stdout.write(step + '\\n');
}
await store.close();
`;

const writers: ChildProcess[] = [];

function startWriter(path: string, runId: string, steps: { first: number; last: number }): ChildProcess {
  const library = pathToFileURL(COMPILED).href;
  const range = [String(steps.first), String(steps.last)];
  const args = ['--input-type=module', '--eval', WRITER, library, path, JSON.stringify(newRun(runId)), ...range];
  const writer = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  writers.push(writer);
  return writer;
}

/** Acknowledged steps in order; kills the writer as soon as it has acknowledged `killAt` of them. */
async function acknowledged(writer: ChildProcess, killAt = Number.POSITIVE_INFINITY): Promise<number[]> {
  const steps: number[] = [];
  if (writer.stdout === null) return steps;
  const ended = once(writer, 'close');
  for await (const line of createInterface({ input: writer.stdout })) {
    steps.push(Number(line));
    if (steps.length === killAt) writer.kill('SIGKILL');
  }
  await ended;
  return steps;
}

beforeAll(() => {
  if (!existsSync(COMPILED)) throw new Error(`${COMPILED} is missing: run \`npm run build\` first`);
});

afterEach(() => {
  for (const writer of writers.splice(0)) writer.kill('SIGKILL');
});

/** Saves a run for each line that it is given. */
const SAVER = `
const [library, path, run] = process.argv.slice(1);
const { openStore } = await import(library);
const { createInterface } = await import('node:readline');
const store = await openStore({ path });
for await (const line of createInterface({ input: process.stdin })) {
  await store.saveRun({ ...JSON.parse(run), runId: line });
  process.stdout.write(line + '\\n');
}
`;

function startSaver(path: string): { process: ChildProcess; save: (runId: string) => Promise<unknown> } {
  const args = [
    '--input-type=module',
    '--eval',
    SAVER,
    pathToFileURL(COMPILED).href,
    path,
    JSON.stringify(newRun('a')),
  ];
  const saver = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  writers.push(saver);
  const save = async (runId: string): Promise<unknown> => {
    saver.stdin.write(`${runId}\n`);
    return once(saver.stdout, 'data');
  };
  return { process: saver, save };
}

describe('a store shared by processes', () => {
  test('that is moved away and put back by others is read by all of a process, the sleeping ones too', async () => {
    const folder = await newFolder();
    const path = join(folder, 'pawl.db');
    const { save } = startSaver(path);
    await save('a');
    const [reader, sleeper] = [await openStore({ path, readonly: true }), await openStore({ path, readonly: true })];
    const ids = async (store: typeof reader) =>
      (await store.listRuns({ limit: 9 })).map(({ runId }) => runId).toSorted();
    for (const store of [reader, sleeper]) expect(await ids(store)).toEqual(['a']);
    await rename(path, join(folder, 'aside.db'));
    await save('lost');
    await rename(join(folder, 'aside.db'), path);
    // Whoever opens it now finds the log of the other file, which its writer has not left yet.
    const first = await openStore({ path, readonly: true });
    expect(await ids(first)).toEqual(['a']);
    await first.close();
    await save('b');
    expect(await ids(reader)).toEqual(['a', 'b']);
    await save('c');
    for (const store of [reader, sleeper]) expect(await ids(store)).toEqual(['a', 'b', 'c']);
    for (const store of [reader, sleeper]) await store.close();
  });

  test('opened and written by all at the same time has every row of each', async () => {
    const path = join(await newFolder(), 'pawl.db');
    const runs = ['a', 'b', 'c', 'd'];
    const acks = await Promise.all(
      runs.map((runId) => acknowledged(startWriter(path, runId, { first: 1, last: 200 }))),
    );
    const store = await openStore({ path });
    const expected = Array.from({ length: 200 }, (_, index) => metrics(index + 1));
    for (const [index, runId] of runs.entries()) {
      expect(acks[index]).toHaveLength(200);
      expect(await store.steps(runId)).toEqual(expected);
    }
    await store.close();
  });

  test('loses nothing it acknowledged when its writer is killed', async () => {
    const path = join(await newFolder(), 'pawl.db');
    let first = 1;
    for (const killAt of [1, 40, 170]) {
      const acks = await acknowledged(startWriter(path, 'a', { first, last: 100_000 }), killAt);
      expect(acks.length).toBeGreaterThanOrEqual(killAt);
      first = (acks.at(-1) ?? 0) + 1;
    }
    const store = await openStore({ path });
    const rows = await store.steps('a');
    const steps = rows.map(({ step }) => step);
    // A row may have been written without its acknowledgement getting out, never the other way round.
    expect(steps.slice(0, first - 1)).toEqual(Array.from({ length: first - 1 }, (_, index) => index + 1));
    expect(rows).toEqual(steps.map((step) => metrics(step)));
    await store.close();
  });
});
