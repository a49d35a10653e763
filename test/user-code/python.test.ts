import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadObjective, pinObjective, type ObjectivePorts } from '../../activities/objectives/load-objective.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import { SPEC } from '../store/fixtures.ts';
import { about, failureOf, openDesk, type Desk } from './support.ts';

let desk: Desk;
let ports: ObjectivePorts;
const { signal } = new AbortController();

beforeAll(() => {
  desk = openDesk();
  ports = { artifacts: desk.artifacts, userCode: desk.userCode, secrets: new Map() };
});

afterAll(() => desk.close());

const PYTHON = { python: '' };

describe('a Python grader', () => {
  test.each<[string, string, object]>([
    ['of two texts', 'def score(output, reference):\n    return output == reference', {}],
    ['that reads the prompt', "def score(output, reference, prompt):\n    return prompt == 'a prompt'", {}],
    [
      'that is told everything',
      "def score(output, reference, about):\n    return about['options']['good']",
      { options: { good: 1 } },
    ],
    ['that takes what it is given', "def score(output, reference, **more):\n    return more['id'] == 'sample-1'", {}],
    [
      'that waits',
      'import asyncio\nasync def score(output, reference):\n    await asyncio.sleep(0)\n    return 1.0',
      {},
    ],
    ['by another name', 'def mine(output, reference):\n    return 1', { function: 'mine' }],
    [
      'with a variable',
      "import os\ndef score(o, r):\n    return os.environ['KEY'] == 'a token for graders'",
      { environment: { KEY: { from: 'PAWL_GRADER_TOKEN' } } },
    ],
    ['that forks nothing of ours', 'import os\ndef score(o, r):\n    return os.getcwd() == os.environ["HOME"]', {}],
  ])('%s', async (_, source, options) => {
    const grader = await desk.grader(source, { ...PYTHON, ...options });
    expect(await grader.score('same', 'same', about())).toBe(1);
  });

  test('scores many at a call, each with its own answer', async () => {
    const grader = await desk.grader('def score(output, reference):\n    return int(output) / 1000', PYTHON);
    const scores = await Promise.all(
      Array.from({ length: 500 }, async (_, at) => grader.score(String(at), '', about())),
    );
    expect(scores).toEqual(scores.map((_, at) => at / 1000));
  });
});

describe('a Python grader that misbehaves is named, with its file and line', () => {
  test.each<[string, string, object, RegExp]>([
    [
      'loops for ever',
      'def score(o, r):\n    while True:\n        pass',
      { timeoutSeconds: 1 },
      /grader\d+\.py:[23] did not answer within 1 s$/,
    ],
    [
      'loops for ever in C',
      'def score(o, r):\n    return sum(x for x in iter(int, 1))',
      { timeoutSeconds: 1 },
      /grader\d+\.py:2 did not answer within 1 s$/,
    ],
    [
      'sleeps',
      'import time\ndef score(o, r):\n    time.sleep(1000)',
      { timeoutSeconds: 1 },
      /grader\d+\.py:3 did not answer within 1 s$/,
    ],
    ['exits', 'import sys\ndef score(o, r):\n    sys.exit(3)', {}, /grader\d+\.py:3 failed: SystemExit: 3$/],
    [
      'exits at once',
      'import os\ndef score(o, r):\n    os._exit(4)',
      {},
      /grader\d+\.py ended its process, twice \(exit code 4\)$/,
    ],
    [
      'crashes',
      'import ctypes\ndef score(o, r):\n    ctypes.string_at(0)',
      {},
      /grader\d+\.py:3 ended its process, twice \(SIGSEGV\)$/,
    ],
    [
      'asks for 10 GB at once',
      'def score(o, r):\n    return len(bytearray(10**10))',
      { memoryMegabytes: 256 },
      /grader\d+\.py:2 failed: MemoryError$/,
    ],
    [
      'fills the memory',
      "def score(o, r):\n    all = []\n    while True:\n        all.append('x' * 1_000_000)",
      { memoryMegabytes: 256 },
      /grader\d+\.py:[34] (used more than 256 MB of memory|failed: MemoryError)$/,
    ],
    [
      'prints without end',
      "def score(o, r):\n    while True:\n        print('x' * 100_000)",
      {},
      /grader\d+\.py:3 printed more than 16 MB$/,
    ],
    ['raises', "def score(o, r):\n    return {}['nothing']", {}, /grader\d+\.py:2 failed: KeyError: 'nothing'$/],
    ['calls itself', 'def score(o, r):\n    return score(o, r)', {}, /grader\d+\.py:2 failed: RecursionError: /],
    [
      'is no Python',
      'def score(o, r):\n    return return',
      {},
      /grader\d+\.py:2 failed: SyntaxError: invalid syntax\)\.$/,
    ],
    [
      'needs a package',
      'import nowhere_to_be_found\ndef score(o, r):\n    return 1',
      {},
      /grader\d+\.py:1 failed: ModuleNotFoundError: No module named 'nowhere_to_be_found'\)\.$/,
    ],
    ['defines nothing', 'x = 1', {}, /cannot be used: define a function `score\(output, reference, prompt\)`\.$/],
    ['wants what nobody gives', 'def score(o, r, weather):\n    return 1', {}, /wants `weather`, which nobody gives/],
    ['gives no number', "def score(o, r):\n    return 'good'", {}, /must give a number from 0 to 1, and gave str$/],
    ['gives NaN', "def score(o, r):\n    return float('nan')", {}, /must give a number from 0 to 1, and gave nan$/],
    ['gives nothing', 'def score(o, r):\n    pass', {}, /must give a number from 0 to 1, and gave NoneType$/],
  ])('%s', async (_, source, options, message) => {
    const grader = await desk.grader(source, { ...PYTHON, ...options });
    const error = await failureOf(grader.score('an answer', 'a reference', about()));
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ type: 'InvalidRequest' });
    expect(error.message).not.toContain('pawl-code-');
  });

  test('an error message of 3 MB is cut', async () => {
    const grader = await desk.grader("def score(o, r):\n    raise ValueError('x' * 3_000_000)", PYTHON);
    const { message } = await failureOf(grader.score('a', 'b', about()));
    expect(message).toMatch(/grader\d+\.py:2 failed: ValueError: x+/);
    expect(message.length).toBeLessThan(3_000);
  });
});

describe('a Python objective', () => {
  let objectives = 0;

  function chosen(source: string, options: object = {}): NonNullable<RunSpec['train']['objective']> {
    objectives += 1;
    const objective = { python: desk.file(`loss${objectives}.py`, source), ...options };
    const parsed = RunSpec.parse({ ...SPEC, train: { ...SPEC.train, objective } }).train.objective;
    if (parsed === undefined) throw new Error('it has one');
    return parsed;
  }

  const EXAMPLES = [{ targetTokens: [4, 5], inputs: { weights: [0.5, 0.25] } }];

  test('gives its loss, its gradient and its metrics', async () => {
    const choice = chosen(
      `def loss(logprobs, examples, options):
    total, gradients = 0.0, []
    for row, example in zip(logprobs, examples):
        weights = example["inputs"]["weights"]
        total -= options["scale"] * sum(w * p * p for w, p in zip(weights, row))
        gradients.append([-2 * options["scale"] * w * p for w, p in zip(weights, row)])
    return total, gradients, {"targets": sum(len(e["targetTokens"]) for e in examples)}`,
      { options: { scale: 2 } },
    );
    const { module } = await pinObjective(ports, choice, signal);
    const objective = loadObjective(ports, choice, module);
    expect(await objective?.evaluate(EXAMPLES, [[-1, -2]], signal)).toEqual({
      loss: -3,
      gradients: [[2, 2]],
      metrics: { targets: 2 },
      ownGradient: true,
    });
  });

  test.each<[string, string, RegExp]>([
    [
      'whose gradient is not that of its loss',
      'def loss(logprobs, examples):\n    return -sum(map(sum, logprobs)), [[1.0 for _ in row] for row in logprobs]',
      /its gradient is not that of its loss: for target 0 of example 0 .* gives 1, and the loss changes by -1 per unit/,
    ],
    [
      'that rolls dice',
      'import random\ndef loss(logprobs, examples):\n    return random.random(), [[0.0 for _ in row] for row in logprobs]',
      /it must be a pure function/,
    ],
    [
      'that gives a number only',
      'def loss(logprobs, examples):\n    return 1.0',
      /must return \(loss, gradients\).* it returned float/,
    ],
    [
      'that gives too few slopes',
      'def loss(logprobs, examples):\n    return 1.0, [[]]',
      /gave 0 slopes for 2 targets \(example 0\)/,
    ],
    ['that is infinite', "def loss(logprobs, examples):\n    return float('inf'), logprobs", /not a finite number/],
    [
      'that raises',
      'def loss(logprobs, examples):\n    return 1 / 0',
      /fails on a small batch: \S+loss\d+\.py:2 failed: ZeroDivisionError: division by zero\.$/,
    ],
  ])('%s is refused before anything is rented', async (_, source, message) => {
    await expect(pinObjective(ports, chosen(source), signal)).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringMatching(message),
    });
  });

  test('may mean another direction, if it says so', async () => {
    const source = 'def loss(logprobs, examples):\n    return 1.0, [[1.0 for _ in row] for row in logprobs]';
    expect(await pinObjective(ports, chosen(source, { checkGradient: false }), signal)).toMatchObject({ custom: true });
  });
});

test('the wrong kind of file is told how', () => {
  const parsed = RunSpec.safeParse({ ...SPEC, evaluate: { ...SPEC.evaluate, grader: { module: './reward.py' } } });
  expect(JSON.stringify(parsed.error?.issues)).toContain('is a Python file: write `python: ` in place of `module: `');
});
