/** The built command as a shell sees it, as far as it goes without a server: words, exit codes, promptness. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtProgram } from '../../client/local/paths.ts';

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const EXPERIMENT = `name: demo
model: {shape: accounts/fireworks/trainingShapes/tiny, tokenizer: data.jsonl}
data: {train: data.jsonl}
train: {steps: 100, batchSize: 4, optimizer: {learningRate: 1e-3}}
checkpoint: {every: 20}
evaluate: {prompts: data.jsonl}
`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pawl-cli-'));
  await writeFile(join(folder, 'data.jsonl'), '{}\n');
  await writeFile(join(folder, 'good.yaml'), EXPERIMENT);
  await writeFile(join(folder, 'bad.yaml'), EXPERIMENT.replace('steps: 100', 'step: 100'));
});

afterAll(async () => rm(folder, { recursive: true }));

function pawl(args: readonly string[], variables: Record<string, string> = {}): Promise<Outcome> {
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, PAWL_HOME: join(folder, 'home'), ...variables };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [builtProgram('client/cli/main'), ...args],
      { cwd: folder, env },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

/** Nobody listens on a port that was just given back. */
async function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 1));
    });
  });
}

describe('what others wrote', () => {
  test('does nothing to the terminal, and does not fill it', async () => {
    const name = `\u001B[2J\u001B]0;owned\u0007\u202E${'n'.repeat(5_000)}`;
    for (const args of [
      ['show', name],
      ['run', name],
      ['nonsense', name],
      ['--nonsense', name],
      ['logs', name],
    ]) {
      const { code, stdout, stderr } = await pawl(args);
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/^pawl: /);
      // Tabs and line feeds are the only control characters.
      expect(stdout + stderr).not.toMatch(/(?![\t\n])\p{Cc}|\u202E/u);
      expect(stderr.length).toBeLessThan(2_500);
    }
  });
});

describe('help', () => {
  test('teaches: commands, examples, exit codes, environment', async () => {
    const { code, stdout } = await pawl(['--help']);
    expect(code).toBe(0);
    for (const text of ['up [options]', 'doctor', 'Examples:', 'Exit codes:\n  0 ', 'PAWL_HOME']) {
      expect(stdout).toContain(text);
    }
  });

  test('the version is the package’s', async () => {
    expect((await pawl(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('exit code 2, one line, nothing started', () => {
  test.each([
    ['an unknown command', ['fly'], "pawl: unknown command 'fly'. See `pawl --help`.\n"],
    ['a missing argument', ['run'], "pawl: missing required argument 'file'. See `pawl --help`.\n"],
    [
      'a mistyped option',
      ['run', 'good.yaml', '--detatch'],
      "pawl: unknown option '--detatch' (Did you mean --detach?). See `pawl --help`.\n",
    ],
    [
      'options that exclude each other',
      ['run', 'good.yaml', '--local', '--detach'],
      "pawl: option '-d, --detach' cannot be used with option '--local'. See `pawl --help`.\n",
    ],
    [
      'a format there is not',
      ['list', '--output', 'xml'],
      "pawl: option '--output <format>' argument 'xml' is invalid. Allowed choices are table, json. See `pawl --help`.\n",
    ],
    [
      'a count that is no number',
      ['list', '-n', 'many'],
      "pawl: option '-n, --limit <count>' argument 'many' is invalid. Give a whole number from 1 on. See `pawl --help`.\n",
    ],
    [
      'no such experiment',
      ['run', 'nowhere.yaml'],
      'pawl: nowhere.yaml: there is no such file. Check the path; examples are in examples/.\n',
    ],
  ])('%s', async (_, args, stderr) => {
    expect(await pawl(args)).toEqual({ code: 2, stdout: '', stderr });
  });

  test('a bad experiment: a line for each problem', async () => {
    expect(await pawl(['run', 'bad.yaml', '--local'])).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'pawl: bad.yaml:4:9 train.step: unknown field. Did you mean "steps"?\n' +
        'pawl: bad.yaml:4:1 train.steps: is missing. Add "steps: …" under "train" (or give epochs).\n',
    });
  });
});

describe('exit code 3', () => {
  test.each([
    ['run', ['run', 'good.yaml']],
    ['list', ['list', '--output', 'json']],
    ['show', ['show', 'demo-1a2b3c4d']],
  ])('%s, when Temporal does not answer', async (_, args) => {
    const address = `127.0.0.1:${await closedPort()}`;
    expect(await pawl(args, { TEMPORAL_ADDRESS: address })).toEqual({
      code: 3,
      stdout: '',
      stderr: `pawl: Temporal does not answer at ${address}. Start it with \`pawl up\`, or set TEMPORAL_ADDRESS to a server that runs.\n`,
    });
  });
});

describe('exit code 1', () => {
  test('a bad environment names its variable', async () => {
    const { code, stderr } = await pawl(['list'], { TEMPORAL_ADDRESS: 'localhost' });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^pawl: Bad environment: TEMPORAL_ADDRESS .*\n$/)]);
  });

  test('what cannot be a run', async () => {
    const { code, stderr } = await pawl(['show', 'no such run']);
    expect([code, stderr]).toEqual([
      1,
      'pawl: "no such run" is not a run. Give an id or its beginning; `pawl list` shows them.\n',
    ]);
  });

  test('PAWL_DEBUG shows where an error comes from', async () => {
    const { stderr } = await pawl(['show', 'no such run'], { PAWL_DEBUG: '1' });
    expect(stderr).toMatch(/\n\s+at .*run-list\.ts/);
  });
});
