import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { getPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { about, failureOf, openDesk, type Desk } from './support.ts';

let desk: Desk;

beforeAll(() => {
  desk = openDesk();
});

afterAll(() => desk.close());

describe('a JavaScript grader that misbehaves is named, with its file and line', () => {
  test.each<[string, string, object, RegExp]>([
    [
      'loops for ever',
      'export const score = (o) => {\n  while (o.length >= 0) {}\n  return 1;\n};',
      { timeoutSeconds: 1 },
      /grader\d+\.mjs:2 did not answer within 1 s$/,
    ],
    [
      'loops for ever after it waited',
      'export const score = async (o) => {\n  await null;\n  await new Promise((r) => setTimeout(r, 10));\n  for (;;) {}\n};',
      { timeoutSeconds: 1 },
      /grader\d+\.mjs:4 did not answer within 1 s$/,
    ],
    [
      'never settles',
      'export const score = () => new Promise(() => {});',
      { timeoutSeconds: 1 },
      /grader\d+\.mjs: did not answer within 1 s: it waits for a promise that does not settle$/,
    ],
    [
      'ends its process',
      'export const score = () => {\n  process.exit(3);\n};',
      {},
      /grader\d+\.mjs:2 ended its process, twice \(exit code 3\)$/,
    ],
    [
      'kills its process',
      "export const score = () => {\n  process.kill(process.pid, 'SIGKILL');\n  for (;;) {}\n};",
      {},
      /grader\d+\.mjs ended its process, twice \(SIGKILL\)$/,
    ],
    [
      'aborts',
      'export const score = () => process.abort();',
      {},
      /ended its process, twice \(SIG(ABRT|ILL|TRAP|SEGV)\)$/,
    ],
    [
      'throws where nobody catches it',
      "export const score = () => {\n  setTimeout(() => {\n    throw new Error('later');\n  });\n  return new Promise(() => {});\n};",
      {},
      /grader\d+\.mjs:3 ended its process, twice \(exit code 1: Error: later\)$/,
    ],
    [
      'fills the heap',
      'export const score = () => {\n  const all = [];\n  for (;;) {\n    all.push(Array.from({ length: 1000 }, Math.random));\n  }\n};',
      { memoryMegabytes: 192, timeoutSeconds: 60 },
      /grader\d+\.mjs:4 used more than 192 MB of memory$/,
    ],
    [
      'fills the memory beside the heap',
      'export const score = () => {\n  const all = [];\n  for (;;) {\n    all.push(Buffer.alloc(16 * 1024 * 1024, 1));\n  }\n};',
      { memoryMegabytes: 192, timeoutSeconds: 60 },
      /grader\d+\.mjs:4 used more than 192 MB of memory$/,
    ],
    [
      'prints without end',
      "export const score = () => {\n  for (;;) {\n    console.log('x'.repeat(100_000));\n  }\n};",
      { timeoutSeconds: 60 },
      /grader\d+\.mjs:3 printed more than 16 MB$/,
    ],
    [
      'throws',
      'export const score = (o) => {\n  return o.nothing.at(0);\n};',
      {},
      /grader\d+\.mjs:2 failed: TypeError: Cannot read properties of undefined \(reading 'at'\)$/,
    ],
    [
      'throws while it is loaded',
      "const wanted = process.env.WANTED;\nif (!wanted) throw new Error('no WANTED');\nexport const score = () => 1;",
      {},
      /cannot be used: it cannot be loaded \(\S+grader\d+\.mjs:2 failed: Error: no WANTED\)\.$/,
    ],
    [
      'is no JavaScript',
      'export const score = () => 1;\nexport const = 2;',
      {},
      /cannot be loaded \(\S+grader\d+\.mjs:2 failed: SyntaxError: Unexpected token '='\)\.$/,
    ],
    ['gives no number', "export const score = () => 'good';", {}, /must give a number from 0 to 1, and gave string$/],
    ['gives too much', 'export const score = () => 7;', {}, /must give a number from 0 to 1, and gave 7$/],
    ['gives nothing', 'export const score = () => {};', {}, /must give a number from 0 to 1, and gave undefined$/],
    ['throws nothing', 'export const score = () => {\n  throw undefined;\n};', {}, /failed: it threw undefined$/],
  ])('%s', async (_, source, options, message) => {
    const grader = await desk.grader(source, options);
    const error = await failureOf(grader.score('an answer', 'a reference', about()));
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ type: 'InvalidRequest' });
    expect(error.message).not.toContain('pawl-code-');
  });

  test('an error message of 3 MB is cut', async () => {
    const grader = await desk.grader("export const score = () => {\n  throw new Error('x'.repeat(3_000_000));\n};");
    const { message } = await failureOf(grader.score('a', 'b', about()));
    expect(message).toMatch(/grader\d+\.mjs:2 failed: Error: x+/);
    expect(message.length).toBeLessThan(3_000);
  });

  test('a top-level await that never ends', async () => {
    // Loading has half a minute in any case, for imports that are slow.
    const grader = await desk.grader('await new Promise(() => {});\nexport const score = () => 1;', {
      timeoutSeconds: 1,
    });
    expect((await failureOf(grader.score('a', 'b', about()))).message).toMatch(
      /cannot be loaded .*grader\d+\.mjs: did not answer within 30 s: it waits for a promise/,
    );
  }, 600_000);
});

describe('nobody else notices', () => {
  test('another grader answers beside one that loops', async () => {
    const looping = await desk.grader('export const score = () => {\n  for (;;) {}\n};', { timeoutSeconds: 3 });
    const other = await desk.grader('export const score = (output, reference) => (output === reference ? 1 : 0);');
    const failed = failureOf(looping.score('a', 'b', about()));
    const scores = await Promise.all(
      Array.from({ length: 20 }, async (_, at) => other.score(String(at % 2), '1', about())),
    );
    expect(scores).toEqual(scores.map((_, at) => at % 2));
    expect((await failed).message).toContain('did not answer within 3 s');
  });

  test('those of the same batch are scored: only the culprit is blamed', async () => {
    const grader = await desk.grader("export const score = (o) => {\n  if (o === '13') for (;;) {}\n  return 1;\n};", {
      timeoutSeconds: 1,
    });
    const scores = await Promise.all(
      Array.from({ length: 40 }, async (_, at) =>
        Promise.resolve(grader.score(String(at), 'b', about())).catch((error: unknown) => String(error)),
      ),
    );
    const strange = scores.flatMap((score, at) => (score === 1 ? [] : [[at, score]]));
    expect(strange).toEqual([[13, expect.stringContaining('did not answer within 1 s')]]);
  });

  test('it comes after the process that beats the hearts of every run, where cores are short', async () => {
    const grader = await desk.grader(
      "import os from 'node:os';\nexport const score = () => (20 + os.getPriority()) / 40;",
    );
    expect(await grader.score('a', 'b', about())).toBeCloseTo((20 + Math.min(19, getPriority() + 5)) / 40);
  });

  test('and one whose process died by accident is asked again', async () => {
    const mark = desk.file('mark', '');
    const source = `import { existsSync, rmSync } from 'node:fs';
      export const score = () => {
        if (!existsSync(${JSON.stringify(mark)})) return 1;
        rmSync(${JSON.stringify(mark)});
        process.kill(process.pid, 'SIGKILL');
        for (;;) {}
      };`;
    const grader = await desk.grader(source);
    expect(await grader.score('a', 'b', about())).toBe(1);
  });

  test('one that fails whatever it is given is given up, instead of costing its limit each time', async () => {
    const grader = await desk.grader('export const score = () => {\n  for (;;) {}\n};', { timeoutSeconds: 1 });
    const errors = await Promise.all(
      Array.from({ length: 200 }, async () => failureOf(grader.score('a', 'b', about()))),
    );
    expect(new Set(errors.map(({ message }) => message.includes('did not answer within 1 s')))).toEqual(
      new Set([true]),
    );
    expect(errors.at(-1)?.message).toContain('given up after 3 such failures');
  });
});

test('whoever does not wait any more ends the process', async () => {
  const started = desk.file('started', '');
  const source = `import { writeFileSync } from 'node:fs';
    export const score = () => { writeFileSync(${JSON.stringify(started)}, String(process.ppid)); for (;;) {} };`;
  const grader = await desk.grader(source, { timeoutSeconds: 600 });
  const controller = new AbortController();
  const failed = failureOf(grader.score('a', 'b', about(controller.signal)));
  await sleep(1_500);
  controller.abort(new Error('stopped'));
  expect((await failed).message).toBe('stopped');
});
