/** `pawl check` as a shell sees it: no stack, no store; everything that is wrong at once, and examples with their masks. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkReport } from '../../client/cli/render/check-report.ts';
import { colours } from '../../client/cli/render/colours.ts';
import { builtProgram } from '../../client/local/paths.ts';
import { CheckReport } from '../../domain/words/check.ts';
import { newFolder, writeTokenizer } from '../data/fixtures.ts';

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;
let home: string;

beforeAll(async () => {
  folder = await newFolder();
  home = join(folder, 'home');
  await writeTokenizer(folder);
  const template =
    "{% for m in messages %}{{ m.role + ' ' + m.content + ' ' }}{% endfor %}{% if add_generation_prompt %}assistant {% endif %}";
  await writeFile(join(folder, 'chat.jinja'), template);
});

async function rows(name: string, lines: readonly unknown[]): Promise<void> {
  await writeFile(join(folder, name), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

async function experiment(changes: Record<string, unknown> = {}): Promise<string> {
  const path = join(folder, 'experiment.yaml');
  const spec = {
    name: 'look',
    model: { shape: 'accounts/fireworks/trainingShapes/tiny', tokenizer: 'tokenizer.json' },
    data: { train: 'rows.jsonl', endToken: '<end>', maxTokens: 8 },
    train: { epochs: 10, batchSize: 2, optimizer: { learningRate: 1e-3 } },
    checkpoint: { every: 4 },
    evaluate: { prompts: 'prompts.jsonl' },
    ...changes,
  };
  await writeFile(path, JSON.stringify(spec));
  return path;
}

function check(args: readonly string[]): Promise<Finished> {
  const { PATH = '', HOME = '' } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [builtProgram('client/cli/main'), 'check', ...args],
      { env: { PATH, HOME, PAWL_HOME: home } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

async function report(args: readonly string[]): Promise<CheckReport> {
  return CheckReport.parse(JSON.parse((await check([...args, '--output', 'json'])).stdout));
}

describe('an experiment that can run', () => {
  test('is counted, priced and shown as the model sees it', async () => {
    const long = { prompt: 'a b c a b c a b c ->', completion: 'A' };
    await rows('rows.jsonl', [
      { prompt: 'a ->', completion: 'A' },
      { prompt: 'a b ->', completion: 'A B', source: 'somewhere' },
      long,
      { prompt: 'c ->', completion: 'C' },
    ]);
    await rows('prompts.jsonl', [
      { prompt: 'a ->', reference: 'A' },
      { prompt: 'b ->', reference: 'B' },
    ]);
    const prices = { trainerPerHour: 10, replicaPerHour: 2.5 };
    const path = await experiment({ prices, budget: { maxHours: 4 } });
    const found = await report([path]);
    expect(found).toMatchObject({
      problems: [],
      data: {
        rows: 4,
        examples: 3,
        dropped: 1,
        leftOut: 1,
        left: [{ file: join(folder, 'rows.jsonl'), line: 3, tokens: 12 }],
        maxTokens: 8,
        limit: 'data.maxTokens',
        tokens: 4 + 6 + 4,
        longestTokens: 6,
      },
      // Three examples, ten times, two at a time; four tokens and two thirds each.
      training: { steps: 15, examplesPerStep: 2, epochs: 10, tokens: 140, checkpoints: 5, requestsPerStep: 2 },
      suites: [{ name: 'main', metric: 'exact_match', prompts: 2, asked: 2, samplesPerPrompt: 1 }],
      cost: { perHour: 12.5, currency: 'USD', atMost: 50 },
    });
    expect(found.warnings).toEqual([
      expect.stringMatching(/1 of 4 examples are left out, as they are longer than 8 tokens; .*data\.maxTokens/),
      '1 of 2 prompts of the evaluation are in the training data too',
    ]);
    expect(found.notices).toContainEqual(expect.stringMatching(/1 of 4 rows: the column source is not used/));
    // The one in the middle is the longest too.
    expect(found.data?.shown.map(({ which, number, pieces }) => [which, number, pieces])).toEqual([
      [
        'first',
        1,
        [
          { text: 'a ->', tokens: 2, trained: false },
          { text: ' A <end>', tokens: 2, trained: true },
        ],
      ],
      [
        'middle',
        2,
        [
          { text: 'a b ->', tokens: 3, trained: false },
          { text: ' A B <end>', tokens: 3, trained: true },
        ],
      ],
      [
        'last',
        3,
        [
          { text: 'c ->', tokens: 2, trained: false },
          { text: ' C <end>', tokens: 2, trained: true },
        ],
      ],
    ]);
    const shown = await check([path]);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain('  read  │ a b ->\n  learn │  A B <end>\n');
    expect(shown.stdout).toMatch(/✓ a run would begin, 2 worth a look\n$/);
    // Neither a store nor a stack came of it.
    expect(existsSync(join(home, 'pawl.db'))).toBe(false);
  }, 600_000);

  test('of pairs is counted in pairs, with both passes of a step', async () => {
    const pair = (letter: string): object => ({ prompt: `${letter} ->`, chosen: letter.toUpperCase(), rejected: 'B' });
    await rows('rows.jsonl', ['a', 'a', 'c', 'c', 'a'].map(pair));
    await rows('prompts.jsonl', [{ prompt: 'b ->', reference: 'B' }]);
    const train = { epochs: 4, batchSize: 2, optimizer: { learningRate: 1e-3 }, preference: { loss: 'dpo' } };
    const found = await report([await experiment({ loop: 'preference', train })]);
    expect(found.problems).toEqual([]);
    expect(found.data).toMatchObject({ rows: 5, examples: 10, dropped: 0 });
    // Five pairs, four times, two at a time; two chunks of a pair each, forward and backward, and the update.
    expect(found.training).toMatchObject({
      steps: 10,
      examplesPerStep: 2,
      unit: 'pairs',
      epochs: 4,
      requestsPerStep: 5,
    });
    expect(found.data?.heldOut).toBeUndefined();
    const parted = await report([await experiment({ loop: 'preference', train }), '--set', 'data.holdout=0.5']);
    const { rows: kept = 0, heldOut = 0 } = parted.data ?? {};
    expect([kept > 0, heldOut > 0, kept + heldOut]).toEqual([true, true, 5]);
    expect(parted.warnings).toEqual([]);
    // A pair that only one answer is new of is known; one with another prompt is not.
    await rows('validation.jsonl', [{ ...pair('a'), rejected: 'C' }, pair('b'), pair('c')]);
    const named = ['--set', 'evaluate.loss.data=validation.jsonl'];
    const repeated = await report([await experiment({ loop: 'preference', train }), ...named]);
    expect(repeated.data?.heldOut).toBe(3);
    expect(repeated.warnings).toEqual(['2 of 3 rows of evaluate.loss are in the training data too']);
  });

  test('each turn of a conversation that is learned is marked, and --set is heard', async () => {
    const messages = ['a', 'A', 'b', 'B'].map((content, index) => ({
      role: index % 2 === 0 ? 'user' : 'assistant',
      content,
    }));
    await rows('rows.jsonl', [{ messages }]);
    await rows('prompts.jsonl', [{ prompt: 'c', reference: 'C' }]);
    const path = await experiment({
      data: { train: 'rows.jsonl', chatTemplate: 'chat.jinja', maxTokens: 16 },
      train: { steps: 4, batchSize: 1, optimizer: { learningRate: 1e-3 } },
    });
    const masks = async (args: string[]): Promise<unknown> =>
      (await report([path, ...args])).data?.shown.map(({ pieces }) =>
        pieces.map(({ text, trained }) => `${trained ? 'learn' : 'read'} ${text.trim()}`),
      );
    expect(await masks([])).toEqual([['read user a assistant', 'learn A', 'read user b assistant', 'learn B']]);
    expect(await masks(['--set', 'data.trainOn=last-assistant'])).toEqual([
      ['read user a assistant A user b assistant', 'learn B'],
    ]);
  }, 600_000);
});

test('everything that is wrong is said at once, each with its place', async () => {
  await rows('rows.jsonl', [{ prompt: 'a ->', completion: 'A' }, { prompt: 'a ->' }]);
  await rows('prompts.jsonl', [{ prompt: 'a ->', reference: 'A' }]);
  await writeFile(join(folder, 'grader.mjs'), 'export const score = () => missing;\n');
  await writeFile(join(folder, 'objective.mjs'), 'export const other = 1;\n');
  const path = await experiment({
    train: { steps: 9, batchSize: 2, optimizer: { learningRate: 1 }, objective: { module: 'objective.mjs' } },
    evaluate: {
      prompts: 'prompts.jsonl',
      grader: { module: 'grader.mjs' },
      suites: { hard: { prompts: 'alias:nothing', every: 1 } },
    },
  });
  const { code, stderr, stdout } = await check([path]);
  expect(code).toBe(2);
  expect(stderr.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/rows\.jsonl:2: completion: .*expected \{"prompt"/),
    expect.stringMatching(/evaluate\.grader: .*grader\.mjs:1 .*missing is not defined/),
    expect.stringMatching(/suite hard: There is no prompt set alias:nothing.*pawl prompts add/),
    expect.stringMatching(/train\.objective: .*objective\.mjs/),
  ]);
  expect(stdout).toMatch(/✗ a run would be refused: 4 to mend\n$/);
}, 600_000);

describe('the report', () => {
  const example = (text: string): CheckReport => ({
    problems: [],
    warnings: [],
    notices: [],
    suites: [],
    cost: { perHour: 0, currency: 'USD' },
    data: {
      rows: 1,
      examples: 1,
      dropped: 0,
      leftOut: 0,
      left: [],
      maxTokens: 9,
      limit: 'data.maxTokens',
      tokens: 9,
      longestTokens: 9,
      dataset: 'd',
      shown: [
        {
          which: 'first',
          number: 1,
          tokens: 9,
          trained: 4,
          pieces: [
            { text: 'what?', tokens: 5, trained: false },
            { text, tokens: 4, trained: true },
          ],
        },
      ],
    },
  });
  const look = { colours: colours(false), width: 40, full: false };

  test('keeps indentation, and shows blanks and line ends that would not be seen', () => {
    expect(checkReport(example('if x:\n    y  \n\n'), look)).toContain(
      ['  read  │ what?', '  learn │ if x:↵', '        │     y··↵', '        │ ↵'].join('\n'),
    );
  });

  test('shortens what is long, unless it is asked for', () => {
    const long = `begin ${'m'.repeat(5_000)} end`;
    const short = checkReport(example(long), look);
    expect(short.length).toBeLessThan(2_500);
    expect(short).toMatch(/begin m+[^]*\n {8}│ … 3,910 more characters: --full …\n[^]*m end/);
    expect(checkReport(example(long), { ...look, full: true }).replaceAll(/[^m]/g, '').length).toBeGreaterThan(5_000);
  });

  test('says which rows were left out and why, the first of them, and how many more', () => {
    const found = example('that');
    const left = Array.from({ length: 20 }, (_, index) => ({
      file: '/data/rows.jsonl',
      line: 3 * index + 1,
      ...(index % 2 === 0 && { tokens: 1_000 + index }),
    }));
    const data = found.data && { ...found.data, dropped: 900, leftOut: 1_010, left };
    expect(checkReport({ ...found, data }, look)).toContain(
      'rows.jsonl:1 (1,000 tokens), rows.jsonl:4 (weight 0), rows.jsonl:7 (1,002 tokens), ',
    );
    expect(checkReport({ ...found, data }, look)).toMatch(/rows\.jsonl:22 \(weight 0\), and 1,002 more\n/);
  });

  test('marks what is learned by colour too', () => {
    expect(checkReport(example('that'), { ...look, colours: colours(true) })).toContain('\u001B[32mthat\u001B[39m');
  });
});
