import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { about, failureOf, openDesk, type Desk } from './support.ts';

const MARK = 'fw-a-key-that-nobody-may-see';
let desk: Desk;

beforeAll(() => {
  process.env['FIREWORKS_API_KEY'] = MARK;
  desk = openDesk();
});

afterAll(async () => {
  delete process.env['FIREWORKS_API_KEY'];
  await desk.close();
});

describe('users’ code sees nothing of the worker’s environment', () => {
  test.each([
    ['JavaScript', 'export const score = () => {\n  throw new Error(JSON.stringify(process.env));\n};', {}],
    ['Python', 'import os\ndef score(o, r):\n    raise ValueError(str(dict(os.environ)))', { python: '' }],
  ])('in %s', async (_, source, options) => {
    const grader = await desk.grader(source, { ...options, environment: { MINE: 'as the experiment says' } });
    const { message } = await failureOf(grader.score('a', 'b', about()));
    expect(message).toContain('as the experiment says');
    expect(message).not.toContain(MARK);
    for (const name of Object.keys(process.env)) {
      if (!['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR', 'PWD', 'LC_CTYPE'].includes(name)) {
        expect(message).not.toMatch(new RegExp(`["']${name.replaceAll(/\W/g, '.')}["']`));
      }
    }
  });

  /** What the operating system shows of another process is its environment at its start. */
  test('nor through /proc, where the machine allows it to be cut off', async () => {
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { env: { SECRET: MARK } });
    try {
      const source = `import os
def score(o, r):
    found = []
    for name in os.listdir('/proc'):
        if name.isdigit():
            try:
                with open(f'/proc/{name}/environ') as file:
                    found.append(file.read())
            except OSError:
                pass
    raise ValueError(str(len(found)) + ' ' + ' '.join(found)[-1500:])`;
      const grader = await desk.grader(source, { python: '' });
      const { message } = await failureOf(grader.score('a', 'b', about()));
      const cutOff = (await desk.userCode.isolation()) !== 'none';
      if (existsSync('/proc/self/environ') && cutOff) {
        expect(message).toMatch(/failed: ValueError: \d/);
        expect(message).not.toContain(MARK);
      }
    } finally {
      bystander.kill('SIGKILL');
    }
  });
});

/** Only its own process writes the file: it stops when that has ended. */
async function stillWrites(path: string): Promise<boolean> {
  const before = readFileSync(path, 'utf8');
  await sleep(1_500);
  return readFileSync(path, 'utf8') !== before;
}

test.each([
  [
    'JavaScript',
    (path: string) =>
      `import { appendFileSync } from 'node:fs';\nexport const score = () => { for (;;) { appendFileSync(${path}, '.'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50); } };`,
    {},
  ],
  [
    'Python',
    (path: string) =>
      `import time\ndef score(o, r):\n    while True:\n        open(${path}, 'a').write('.')\n        time.sleep(0.05)`,
    { python: '' },
  ],
])('a stop ends a process in %s that does not answer', async (name, source, options) => {
  const path = desk.file(`alive-${name}`, '');
  const grader = await desk.grader(source(JSON.stringify(path)), { ...options, timeoutSeconds: 600 });
  const controller = new AbortController();
  const failed = failureOf(grader.score('a', 'b', about(controller.signal)));
  while (readFileSync(path, 'utf8') === '') await sleep(50);
  controller.abort(new Error('stopped'));
  expect((await failed).message).toBe('stopped');
  writeFileSync(path, '');
  await sleep(500);
  expect(await stillWrites(path)).toBe(false);
});
