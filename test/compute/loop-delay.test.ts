/**
 * Nothing that computes for long shares a thread with a heartbeat. A crowded machine holds any loop up, so that what is
 * measured is compared: with an idle loop in a thread beside it, at the same time, and with the same work in this thread.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { Compute } from '../../activities/compute/compute.ts';
import { packScores } from '../../activities/compute/packed-scores.ts';
import { TASKS } from '../../activities/compute/tasks.ts';
import { HELD_UP_MS, logLoopDelay, watchLoopDelay, type LoopDelay } from '../../worker/loop-delay.ts';
import { newFolder } from '../data/fixtures.ts';
import { largeTokenizer } from '../data/large-tokenizer.ts';
import { testPool } from './pool.ts';

/** Gemma's and gpt-oss's have four times as many. */
const VOCABULARY = 65_000;
const PROMPTS = 100_000;
const PROPERTY = { type: 'string', pattern: '^(?!-)(\\w+\\s?)*$' };
const spec = { name: 'json_schema' as const, schema: { type: 'object', properties: { note: PROPERTY } } };

const pool = testPool();
let tokenizer: string;
let answer: string;

beforeAll(async () => {
  const folder = await newFolder();
  tokenizer = join(folder, 'tokenizer.json');
  await writeFile(tokenizer, largeTokenizer(VOCABULARY));
  answer = slowAnswer();
}, 300_000);

/** One that takes the pattern as long as what a machine does in a second, give or take a factor of two. */
function slowAnswer(): string {
  for (let length = 16; ; length++) {
    const output = JSON.stringify({ note: `${'a'.repeat(length)}!` });
    const before = process.cpuUsage();
    expect(TASKS['grading.score']({ spec, output, reference: '' })).toBe(0);
    if (process.cpuUsage(before).user > 700_000) return output;
  }
}

const scores = (factor: number) =>
  Array.from({ length: PROMPTS }, (_, index) => ({
    promptHash: `prompt-${index}`,
    score: ((index * factor) % 13) / 13,
  }));
const [baseline, candidate] = [scores(3), scores(5)];

/** The same table of tasks, in the thread that asks. */
const here: Pick<Compute, 'run'> = {
  run: async (task, input) => (TASKS[task] as (input: unknown, context: unknown) => never)(input, undefined),
};

async function answers(compute: Pick<Compute, 'run'>): Promise<unknown[]> {
  return Promise.all([
    // Without its tables, which are megabytes to compare.
    compute
      .run('data.tokenizer', { path: tokenizer, endToken: '<eos>' })
      .then(({ hash, endTokens }) => [hash, endTokens]),
    compute.run('statistics.pairedDifference', {
      baseline: packScores(baseline),
      candidate: packScores(candidate),
    }),
    compute.run('grading.score', { spec, output: answer, reference: '' }),
  ]);
}

/** A thread with nothing to do but to measure. It is as much in the way of others as this one is. */
const IDLE = `
  const { monitorEventLoopDelay } = require('node:perf_hooks');
  const { parentPort } = require('node:worker_threads');
  const histogram = monitorEventLoopDelay({ resolution: 10 });
  histogram.enable();
  parentPort.on('message', (message) => {
    const delay = { p50Ms: histogram.percentile(50) / 1e6, p99Ms: histogram.percentile(99) / 1e6, maxMs: histogram.max / 1e6 };
    parentPort.postMessage(delay);
    histogram.reset();
  });
`;

interface Measured<Result> {
  readonly result: Result;
  readonly delay: LoopDelay;
  readonly beside: LoopDelay;
}

async function measured<Result>(work: () => Promise<Result>): Promise<Measured<Result>> {
  const thread = new Worker(IDLE, { eval: true });
  const idle = async (): Promise<LoopDelay> => {
    thread.postMessage('read');
    return new Promise((resolve) => thread.once('message', resolve));
  };
  const watch = watchLoopDelay();
  try {
    await idle();
    watch.read();
    // What comes before the first tick is not seen.
    await sleep(100);
    const result = await work();
    await sleep(100);
    return { result, delay: watch.read(), beside: await idle() };
  } finally {
    watch.stop();
    await thread.terminate();
  }
}

test('the loop goes on while large things are computed, and would not without threads', async () => {
  const inThreads = await measured(async () => answers(pool));
  const inThisThread = await measured(async () => answers(here));
  expect(inThreads.result).toEqual(inThisThread.result);
  expect(inThreads.result).toMatchObject([[expect.any(String), [VOCABULARY]], { pairs: PROMPTS }, 0]);
  // What this loop does for the threads takes tens of milliseconds: what stretches them holds up the idle one too.
  const { delay, beside } = inThreads;
  expect(delay.maxMs).toBeLessThan(500 + 3 * beside.maxMs);
  expect(delay.p99Ms).toBeLessThan(50 + 3 * beside.p99Ms);
  expect(inThisThread.delay.maxMs).toBeGreaterThan(3 * delay.maxMs);
}, 300_000);

test('the log warns of a loop that was held up, and tells what ran', async () => {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({}, { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) });
  const log = logLoopDelay(logger, 100);
  const held = (): Record<string, unknown> | undefined =>
    lines.find(({ activities }) => (activities as string[] | undefined)?.includes('hold'));
  try {
    await sleep(50);
    await log.during('hold', async () => {
      const end = Date.now() + 2 * HELD_UP_MS;
      while (Date.now() < end);
    });
    while (held() === undefined) await sleep(20);
    await log.during('a name', async () => sleep(250));
    expect(held()).toMatchObject({ level: 40, activities: ['hold'] });
    const delays = lines.map(({ level, loopDelay }) => ({ level, line: loopDelay, ...(loopDelay as LoopDelay) }));
    expect(delays.length).toBeGreaterThan(1);
    for (const { level, maxMs } of delays) expect(level).toBe(maxMs > HELD_UP_MS ? 40 : 30);
    expect(delays.find(({ line }) => line === held()?.['loopDelay'])?.maxMs).toBeGreaterThan(2 * HELD_UP_MS - 50);
  } finally {
    log.end();
  }
  const told = lines.length;
  await sleep(250);
  expect(lines).toHaveLength(told);
}, 60_000);
