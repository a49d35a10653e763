/** `math` and `code`, as runs open them. What Python needs is installed once, beside the other caches. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Grader } from '../../activities/grading/grader.ts';
import { graderHash, openGrader, pinGrader } from '../../activities/grading/graders.ts';
import { rehearseGrader } from '../../activities/grading/rehearse.ts';
import type { AnswerGrader } from '../../activities/grading/text-graders.ts';
import { createUserCode } from '../../activities/user-code/user-code.ts';
import { GraderSpec } from '../../domain/spec/grader-spec.ts';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import { testPool } from '../compute/pool.ts';
import { newFolder } from '../data/fixtures.ts';
import { about, failureOf } from '../user-code/support.ts';

const compute = testPool();
const environments = join(resolve(process.env['PAWL_CACHE'] ?? '.pawl'), 'graders');
const userCodes: ReturnType<typeof createUserCode>[] = [];
afterAll(async () => Promise.all(userCodes.map(async (userCode) => userCode.close())));

async function open(spec: unknown, options: { uv?: string; interpreter?: string } = {}): Promise<Grader> {
  const artifacts = openArtifacts(await newFolder());
  const userCode = createUserCode({ artifacts, environments, ...options });
  userCodes.push(userCode);
  const parsed = GraderSpec.parse(spec) as AnswerGrader;
  const pinned = await pinGrader(artifacts, parsed);
  return openGrader({ artifacts, userCode, compute, secrets: new Map() }, parsed, pinned);
}

async function scores(grader: Grader, cases: readonly (readonly [output: string, reference: string])[]) {
  return Promise.all(cases.map(async ([output, reference]) => grader.score(output, reference, about())));
}

const promptsOf = (...references: string[]) =>
  references.map((reference) => ({ prompt: '', tokens: [1], reference, tags: [], hash: reference }));
const refusalOf = async (grader: Grader, ...references: string[]): Promise<string> =>
  (await failureOf(rehearseGrader(grader, promptsOf(...references), about().signal))).message;

describe('math', () => {
  const opened = open('math');

  test("judges math-verify's own examples as they say", async () => {
    const file = join(__dirname, 'reference', 'math.json');
    const cases = JSON.parse(readFileSync(file, 'utf8')) as [string, string, number][];
    expect(cases.length).toBeGreaterThan(200);
    const found = await scores(
      await opened,
      cases.map(([reference, output]) => [output, reference]),
    );
    const different = cases.filter(([, , expected], index) => found[index] !== expected);
    expect(different).toEqual([]);
  });

  test('reads bare references as mathematics', async () => {
    const right = [
      ['0.75', '3/4'],
      ['$(x+1)^2$', 'x^2+2x+1'],
      ['thus \\boxed{\\{2,1\\}}', '\\{1,2\\}'],
      ['so $2\\sqrt{2}$', '\\sqrt{8}'],
      ['The answer is 1,234.', '1234'],
    ] as const;
    expect(await scores(await opened, right)).toEqual(right.map(() => 1));
    const wrong = [
      ['4', '3/4'],
      ['$(4,3)$', '(3,4)'],
      ['\\boxed{6.28}', '2\\pi'],
      ['no idea', '12'],
    ] as const;
    expect(await scores(await opened, wrong)).toEqual(wrong.map(() => 0));
  });

  test('refuses a reference that nothing could be compared with', async () => {
    expect(await refusalOf(await opened, '12', 'yes')).toBe(
      'evaluate.grader: prompt 2 of the set: the reference is a word, not mathematics: exact_match or multiple_choice compares words.',
    );
    expect(await refusalOf(await opened, '12', '')).toContain(
      'prompt 2 of the set: the reference holds no mathematics',
    );
  });

  test('says what it needs where it cannot be had', async () => {
    const grader = await open('math', { interpreter: 'no-such-python' });
    expect((await failureOf(Promise.resolve(grader.score('1', '1', about())))).message).toContain(
      'no-such-python is no Python that the worker can start',
    );
  });
});

describe('code', () => {
  const TESTS = 'assert add(1, 2) == 3\nassert add(-1, 1) == 0';
  const GOOD = 'def add(a, b):\n    return a + b\n';
  const opened = open({ name: 'code', timeoutSeconds: 1, memoryMegabytes: 256 });

  test.each([
    ['a program', GOOD],
    [
      'a block of it',
      `Here you are:\n\n\`\`\`python\n${GOOD}\`\`\`\n\nRun it with:\n\n\`\`\`sh\npython add.py\n\`\`\``,
    ],
    ['the last of several', `\`\`\`python\nadd = None\n\`\`\`\nNo, rather\n~~~py\n${GOOD}~~~`],
    ['a block that is not closed', `\`\`\`python\n${GOOD}`],
    ['one that prints', `print("x" * 10_000_000)\n${GOOD}`],
    ['one that reads', `import sys\nsys.stdin.read()\n${GOOD}`],
    [
      'one that leaves something behind',
      `import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\n${GOOD}`,
    ],
  ])('passes %s', async (_, answer) => {
    expect(await scores(await opened, [[answer, TESTS]])).toEqual([1]);
  });

  test.each([
    ['a wrong one', 'def add(a, b):\n    return a - b'],
    ['nothing', ''],
    ['prose', 'I would add them.'],
    ['one that exits before the tests', 'import sys\nsys.exit(0)'],
    ['one that exits at once', 'import os\nos._exit(0)'],
    ['one that exits in the tests', 'import os\ndef add(a, b):\n    os._exit(0)'],
    ['a loop', 'while True:\n    pass'],
    ['one that takes all memory', `x = bytearray(10 ** 10)\n${GOOD}`],
    ['one that ends its parent', `import os\nos.kill(os.getppid(), 0)\nraise SystemExit\n${GOOD}`],
  ])('fails %s', async (_, answer) => {
    expect(await scores(await opened, [[answer, TESTS]])).toEqual([0]);
  });

  test('goes on with the prompt where that is asked', async () => {
    const grader = await open({ name: 'code', continues: true });
    const asked = { ...about(), prompt: 'def add(a, b):\n' };
    expect(await grader.score('    return a + b\n', TESTS, asked)).toBe(1);
    expect(await grader.score('    return a\n', TESTS, asked)).toBe(0);
  });

  test('refuses tests that test nothing', async () => {
    expect(await refusalOf(await opened, TESTS, 'def check(add):\n    assert add(1, 2) == 3')).toBe(
      'evaluate.grader: prompt 2 of the set: its tests pass without an answer: they test nothing (what they define must be called).',
    );
    expect(await refusalOf(await opened, 'assert (')).toContain('prompt 1 of the set: its tests are no Python');
  });

  test('reaches no network where the system allows that', async () => {
    const server = createServer((socket) => socket.end());
    await new Promise<void>((resolved) => server.listen(0, '127.0.0.1', resolved));
    const { port } = server.address() as AddressInfo;
    const answer = `import socket\nsocket.create_connection(("127.0.0.1", ${port}))\n${GOOD}`;
    const [score] = await scores(await opened, [[answer, TESTS]]);
    server.close();
    const isolation = await userCodes[0]?.isolation();
    expect(score).toBe(isolation === 'namespace' ? 0 : 1);
  });
});

test('another file, or other limits, are another grader', () => {
  const code = GraderSpec.parse('code');
  expect(graderHash(code, 'a')).toBe(graderHash(GraderSpec.parse({ name: 'code' }), 'a'));
  expect(graderHash(code, 'a')).not.toBe(graderHash(code, 'b'));
  expect(graderHash(code, 'a')).not.toBe(graderHash(GraderSpec.parse({ name: 'code', timeoutSeconds: 3 }), 'a'));
});
