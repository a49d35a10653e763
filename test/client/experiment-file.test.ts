/** Every way an experiment can be wrong, and the line that a person gets to read. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExperimentError } from '../../files/experiment/experiment-error.ts';
import { loadExperiment } from '../../files/experiment/experiment-file.ts';
import { packageRoot } from '../../client/local/paths.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import { suiteMetric } from '../../domain/spec/suite-spec.ts';
import { GOOD } from './good-experiment.ts';

const withGrader = (grader: string): string => `${GOOD}  grader: ${grader}\n`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pawl-experiment-'));
  for (const name of ['tokenizer.json', 'train.jsonl', 'prompts.jsonl']) await writeFile(join(folder, name), '{}\n');
  await writeFile(join(folder, 'empty.jsonl'), '');
  await writeFile(join(folder, 'chat.jinja'), '{{ messages }}');
  for (const name of ['parts', 'nothing']) await mkdir(join(folder, name));
  await writeFile(join(folder, 'parts', 'part-1.jsonl'), '{}\n');
});

afterAll(async () => rm(folder, { recursive: true }));

async function problemsOf(text: string, set: string[] = []): Promise<readonly string[]> {
  const file = join(folder, 'experiment.yaml');
  await writeFile(file, text);
  const error = await loadExperiment(file, { set }).catch((thrown: unknown) => thrown);
  if (!(error instanceof ExperimentError)) throw new Error(`no ExperimentError: ${String(error)}`);
  return error.problems.map((problem) => problem.replaceAll(`${folder}/`, ''));
}

describe('a good experiment', () => {
  test('gets its defaults, and absolute paths from its own folder', async () => {
    const file = join(folder, 'good.yaml');
    await writeFile(file, GOOD);
    const spec = await loadExperiment(file);
    expect(spec.train.optimizer.beta2).toBe(0.95);
    expect([spec.model.tokenizer, spec.data.train, spec.evaluate.prompts]).toEqual(
      ['tokenizer.json', 'train.jsonl', 'prompts.jsonl'].map((name) => join(folder, name)),
    );
  });

  test('may name several files and folders of training data, and a chat template', async () => {
    const file = join(folder, 'good.yaml');
    const data = 'train: [train.jsonl, parts]\n  chatTemplate: chat.jinja\n  trainOn: last-assistant';
    await writeFile(file, GOOD.replace('train: train.jsonl', data));
    const spec = await loadExperiment(file);
    expect(spec.data).toEqual({
      train: [join(folder, 'train.jsonl'), join(folder, 'parts')],
      chatTemplate: join(folder, 'chat.jinja'),
      trainOn: 'last-assistant',
      maxTokens: 2048,
    });
  });

  test('may name a file whose loss is told, which is relative to it too', async () => {
    const file = join(folder, 'good.yaml');
    await writeFile(file, `${GOOD}  loss: { data: [prompts.jsonl] }\n`);
    expect((await loadExperiment(file)).evaluate.loss).toEqual({ data: [join(folder, 'prompts.jsonl')] });
    const both = `${GOOD}  loss: { data: gone.jsonl }\n`.replace(
      'train: train.jsonl',
      'train: train.jsonl\n  holdout: 0.1',
    );
    expect(await problemsOf(both)).toEqual([
      expect.stringContaining('leave out either data.holdout, or evaluate.loss'),
      expect.stringContaining('evaluate.loss.data: there is no file'),
    ]);
  });

  test('may have further suites, whose files are relative to it too', async () => {
    const file = join(folder, 'good.yaml');
    const suites = 'suites:\n    hard: {prompts: prompts.jsonl, every: 2}\n    added: {prompts: "alias:added"}';
    await writeFile(file, `${GOOD}  ${suites}\n`);
    const spec = await loadExperiment(file);
    expect(spec.evaluate.suites).toMatchObject({
      hard: { prompts: join(folder, 'prompts.jsonl'), grader: 'exact_match', every: 2 },
      added: { prompts: 'alias:added' },
    });
    expect(RunSpec.parse(spec)).toEqual(spec);
  });

  test('may have the suites that the documentation shows', async () => {
    const text = await readFile(join(packageRoot(), 'docs/evaluation.md'), 'utf8');
    const [, example = ''] = /```yaml\n(evaluate:\n[^]*?)```/.exec(text) ?? [];
    const file = join(folder, 'documented.yaml');
    await writeFile(file, GOOD.replace(/evaluate:\n[^]*/, example.replaceAll('heldout.jsonl', 'prompts.jsonl')));
    const { suites = {} } = (await loadExperiment(file)).evaluate;
    expect(Object.values(suites).map(suiteMetric)).toEqual(['pass@4 exact_match', '1/perplexity']);
  });

  test('may be given in epochs, whose steps are not known yet', async () => {
    const file = join(folder, 'good.yaml');
    await writeFile(file, GOOD.replace('steps: 100', 'epochs: 3'));
    const spec = await loadExperiment(file);
    expect([spec.train.epochs, spec.train.steps]).toEqual([3, 0]);
    expect(RunSpec.parse(spec)).toEqual(spec);
  });

  test('takes overrides, also of sections it does not have', async () => {
    const file = join(folder, 'good.yaml');
    await writeFile(file, GOOD);
    const set = ['train.steps=40', 'policy.target=0.5', 'name=other', 'model.base=alias:speaker'];
    const spec = await loadExperiment(file, { set });
    expect([spec.train.steps, spec.policy.target, spec.name]).toEqual([40, 0.5, 'other']);
    expect(spec.model.base).toBe('alias:speaker');
  });
});

describe('a bad experiment', () => {
  test.each([
    [
      'an unknown field near a known one',
      GOOD.replace('learningRate', 'learning_rate'),
      [
        'experiment.yaml:10:3 train.optimizer.learningRate: is missing. Add "learningRate: <a number>" under "train.optimizer".',
        'experiment.yaml:11:5 train.optimizer.learning_rate: unknown field. Did you mean "learningRate"?',
      ],
    ],
    [
      'a grader that is spelled wrong',
      withGrader('exact_mach'),
      [
        'experiment.yaml:16:3 evaluate.grader: expected one of exact_match, edit_similarity, token_accuracy, multiple_choice, numeric, regex, json_schema, contains, starts_with, f1, rouge_l, math, code, perplexity, preference_accuracy; got the text "exact_mach". Did you mean "exact_match"?',
      ],
    ],
    [
      'a bad option of a grader',
      withGrader('{name: numeric, tolerance: -1}'),
      ['experiment.yaml:16:27 evaluate.grader.tolerance: must be at least 0, got -1.'],
    ],
    [
      'an unknown option of a grader',
      withGrader('{name: numeric, tolerence: 1}'),
      ['experiment.yaml:16:27 evaluate.grader.tolerence: unknown field. Did you mean "tolerance"?'],
    ],
    [
      'an unknown field unlike any',
      GOOD.replace('checkpoint:\n', 'checkpoint:\n  zebra: 1\n'),
      ['experiment.yaml:13:3 checkpoint.zebra: unknown field. Known here: every, baseEvery.'],
    ],
    [
      'a missing section',
      GOOD.replace('checkpoint:\n  every: 20\n', ''),
      ['experiment.yaml checkpoint: is missing. Add "checkpoint: {every: 10}" at the top level.'],
    ],
    [
      'a missing key with a description',
      GOOD.replace('  every: 20', '  baseEvery: 2'),
      ['experiment.yaml:12:1 checkpoint.every: is missing. Add "every: <a number>" under "checkpoint" (steps).'],
    ],
    [
      'an empty section',
      GOOD.replace('  every: 20\n', ''),
      ['experiment.yaml:12:1 checkpoint: expected a section with the fields every, baseEvery; got nothing.'],
    ],
    [
      'a number in quotes',
      GOOD.replace('steps: 100', 'steps: "100"'),
      ['experiment.yaml:8:3 train.steps: expected a number, got the text "100". Write it without quotes.'],
    ],
    [
      'text without quotes that YAML takes for a number',
      GOOD.replace('name: demo', 'name: 12'),
      ['experiment.yaml:1:1 name: expected text, got 12. Write it in quotes: "12".'],
    ],
    [
      'a fraction where a whole number belongs',
      GOOD.replace('batchSize: 4', 'batchSize: 4.5'),
      ['experiment.yaml:9:3 train.batchSize: expected a whole number, got 4.5.'],
    ],
    [
      'a number out of range',
      GOOD.replace('batchSize: 4', 'batchSize: 4000'),
      ['experiment.yaml:9:3 train.batchSize: must be at most 1024, got 4000.'],
    ],
    [
      'a word that is no choice',
      `${GOOD}policy:\n  direction: maximise\n`,
      [
        'experiment.yaml:17:3 policy.direction: expected one of maximize, minimize; got the text "maximise". Did you mean "maximize"?',
      ],
    ],
    [
      'a name that cannot be part of an id',
      GOOD.replace('name: demo', 'name: My Run'),
      [
        'experiment.yaml:1:1 name: the text "My Run" is not allowed here: use 1 to 31 lower-case letters, digits and hyphens, e.g. my-run.',
      ],
    ],
    [
      'a checkpoint that never comes, and a warm-up that never ends',
      GOOD.replace('every: 20', 'every: 200').replace('checkpoint:', '  schedule: {warmupSteps: 101}\ncheckpoint:'),
      [
        'experiment.yaml:14:3 checkpoint.every: 200 is more than train.steps (100). Lower it, or train longer.',
        'experiment.yaml:12:14 train.schedule.warmupSteps: 101 is more than train.steps (100). Lower it, or train longer.',
      ],
    ],
    [
      'a decay that its schedule does not have',
      GOOD.replace('checkpoint:', '  schedule: {kind: linear, decayFraction: 0.1}\ncheckpoint:'),
      [
        'experiment.yaml:12:28 train.schedule.decayFraction: belongs to kind wsd; a linear schedule has none. Set train.schedule.kind to wsd, or leave it out.',
      ],
    ],
    [
      'a target in per cent',
      `${GOOD}policy: {target: 20}\n`,
      ['experiment.yaml:16:10 policy.target: scores run from 0 to 1, got 20. For 20 % write 0.2.'],
    ],
    [
      'a policy for a suite that is not there',
      `${GOOD}policy: {suite: hard}\n`,
      [
        'experiment.yaml:16:10 policy.suite: there is no suite "hard" in evaluate.suites. Name one of main; or validation-loss.',
      ],
    ],
    [
      'a gate on a suite that is not there',
      `${GOOD}promotion: {alias: prod, suites: [main, hard]}\n`,
      ['experiment.yaml:16:26 promotion.suites.1: there is no suite "hard" in evaluate.suites. Name one of main.'],
    ],
    [
      'an alias that cannot be one',
      `${GOOD}promotion: {alias: Prod}\n`,
      [
        'experiment.yaml:16:13 promotion.alias: the text "Prod" is not allowed here: use 1 to 31 lower-case letters, digits and hyphens, e.g. prod.',
      ],
    ],
    [
      'an entropy that greedy decoding hides',
      `${GOOD}policy: {minEntropy: 0.1}\n`,
      [
        'experiment.yaml:16:10 policy.minEntropy: cannot be measured at temperature 0. Set evaluate.temperature, e.g. to 1, or leave it out.',
      ],
    ],
    [
      'settling without more prompts to ask',
      `${GOOD}policy: {settle: true, target: 0.5}\n`,
      [
        'experiment.yaml:16:10 policy.settle: has no more prompts to ask: the suite asks its whole set. Add evaluate.limit, or leave it out.',
      ],
    ],
    [
      'settling without a target',
      `${GOOD}policy: {settle: true}\n`,
      [
        'experiment.yaml:16:10 policy.settle: settles whether the target is reached, and there is none. Add policy.target, or leave it out.',
      ],
    ],
    [
      'branches that cannot be run, or are none',
      `${GOOD}policy:\n  plateau:\n    patience: 2\n    branches: [{train.learningrate: 1}, {train.optimizer.learningRate: 1e-3}, {checkpoint.every: 500}]\n`,
      [
        'experiment.yaml:19:5 policy.plateau.branches.0: train.learningrate: unknown field. Known here: steps, epochs, batchSize, accumulate, optimizer, rateChanges, startFrom, schedule, seed, windowSteps, objective, preference.',
        'experiment.yaml:19:5 policy.plateau.branches.1: the experiment has these values already. Change one of train.optimizer.learningRate.',
        'experiment.yaml:19:5 policy.plateau.branches.2: checkpoint.every: 500 is more than train.steps (100). Lower it, or train longer.',
      ],
    ],
    [
      'a path of a branch that is none',
      `${GOOD}policy:\n  plateau:\n    patience: 2\n    branches: [{train..steps: 1}]\n`,
      [
        'experiment.yaml:19:5 policy.plateau.branches.0: train.: unknown field. Known here: steps, epochs, batchSize, accumulate, optimizer, rateChanges, startFrom, schedule, seed, windowSteps, objective, preference.',
      ],
    ],
    [
      'a budget without prices',
      `${GOOD}budget: {maxCost: 5}\n`,
      [
        'experiment.yaml:16:10 budget.maxCost: limits nothing while every price is 0. Add prices.trainerPerHour and prices.replicaPerHour.',
      ],
    ],
    [
      'files that are missing, empty, or folders',
      GOOD.replace('train.jsonl', 'nowhere.jsonl')
        .replace('prompts.jsonl', 'empty.jsonl')
        .replace('tokenizer.json', '.'),
      [
        expect.stringMatching(/^experiment\.yaml:4:3 model\.tokenizer: .* is not a file\. Name a file in it\.$/),
        "experiment.yaml:6:3 data.train: there is no file nowhere.jsonl. Create it or correct the path, which counts from the experiment file's folder.",
        'experiment.yaml:15:3 evaluate.prompts: empty.jsonl is empty. Put at least one line into it.',
      ],
    ],
    [
      'neither steps nor epochs, beside another fault',
      GOOD.replace('  steps: 100\n', '').replace('batchSize: 4', 'batchSize: 4000'),
      [
        'experiment.yaml:8:3 train.batchSize: must be at most 1024, got 4000.',
        'experiment.yaml:7:1 train.steps: is missing. Add "steps: …" under "train" (or give epochs).',
      ],
    ],
    [
      'no step at all',
      GOOD.replace('steps: 100', 'steps: 0'),
      ['experiment.yaml:8:3 train.steps: 0 is not allowed here: give at least 1, or epochs.'],
    ],
    [
      'steps and epochs',
      GOOD.replace('steps: 100', 'steps: 100\n  epochs: 2'),
      ['experiment.yaml:9:3 train.epochs: 2 is not allowed here: give steps or epochs, not both.'],
    ],
    [
      'training data of which a part is not there, and a missing chat template',
      GOOD.replace('train.jsonl', '[parts, nothing, nowhere.jsonl]\n  chatTemplate: nowhere.jinja'),
      [
        'experiment.yaml:6:3 data.train.1: the folder nothing has no file of data (.jsonl, .jsonl.gz, .jsonl.zst, .csv, .parquet). Put one into it.',
        "experiment.yaml:6:3 data.train.2: there is no file nowhere.jsonl. Create it or correct the path, which counts from the experiment file's folder.",
        "experiment.yaml:7:3 data.chatTemplate: there is no file nowhere.jinja. Create it or correct the path, which counts from the experiment file's folder.",
      ],
    ],
    [
      'suites that cannot be drawn or graded, or take the name of the main one',
      `${GOOD}  suites:
    main: {prompts: prompts.jsonl}
    one: {prompts: nowhere.jsonl, samplesPerPrompt: 2}
    two: {prompts: prompts.jsonl, passAt: 3, samplesPerPrompt: 2, temperature: 1, grader: edit_similarity}
    three: {prompts: prompts.jsonl, samplesPerPrompt: 2, temperature: 1, grader: perplexity}
`,
      [
        'experiment.yaml:18:35 evaluate.suites.one.samplesPerPrompt: at temperature 0 all 2 answers would be the same. Set temperature, e.g. to 0.7, or leave it out.',
        'experiment.yaml:19:35 evaluate.suites.two.passAt: pass@3 needs at least 3 answers per prompt, not 2. Raise samplesPerPrompt.',
        'experiment.yaml:19:35 evaluate.suites.two.passAt: counts right answers, and this grader gives fractions. Use one that says 0 or 1, such as exact_match; of your own one, say binary: true.',
        'experiment.yaml:20:37 evaluate.suites.three.samplesPerPrompt: this grader looks at the answers of the prompts file, and draws none. Leave it out.',
        'experiment.yaml:17:5 evaluate.suites.main: "main" is the suite that the fields of evaluate make themselves. Choose another name.',
        "experiment.yaml:18:11 evaluate.suites.one.prompts: there is no file nowhere.jsonl. Create it or correct the path, which counts from the experiment file's folder.",
      ],
    ],
    [
      'an unknown field of a suite',
      `${GOOD}  suites:\n    hard: {promps: prompts.jsonl}\n`,
      [
        'experiment.yaml:17:5 evaluate.suites.hard.prompts: is missing. Add "prompts: <text>" under "evaluate.suites.hard" (JSONL, a {"prompt": … or "messages": …, "reference": …} per line; or sha256:… or alias:… of an added set).',
        'experiment.yaml:17:12 evaluate.suites.hard.promps: unknown field. Did you mean "prompts"?',
      ],
    ],
    [
      'broken YAML, every error with its place',
      'a: 1\n\tb: 2\nc: [1\n',
      [
        'experiment.yaml:2:1: not valid YAML: Tabs are not allowed as indentation. Correct this line.',
        expect.stringMatching(/^experiment\.yaml:4:1: not valid YAML: .*\. Correct this line\.$/),
      ],
    ],
    ['an empty file', '', ['experiment.yaml: is empty. Start from a file in examples/; "name:" comes first.']],
    [
      'a file of another kind',
      'hello\n',
      ['experiment.yaml: holds no "key: value" lines. Start from a file in examples/; "name:" comes first.'],
    ],
  ])('%s', async (_, text, problems) => {
    expect(await problemsOf(text)).toEqual(problems);
  });

  test('an override without a value', async () => {
    expect(await problemsOf(GOOD, ['train.steps'])).toEqual([
      '--set train.steps: expected path=value, for example --set train.steps=100.',
    ]);
  });

  test('an override through a field that is no section', async () => {
    expect(await problemsOf(GOOD, ['name.x=1'])).toEqual([
      '--set name.x: name is a value, not a section with a field x. Set name itself.',
    ]);
  });

  test('an override is blamed for what it set, also where another field does not fit it', async () => {
    expect(await problemsOf(GOOD, ['train.steps=abc'])).toEqual([
      '--set train.steps=abc: train.steps: expected a number, got the text "abc".',
    ]);
    expect(await problemsOf(GOOD, ['train.steps=5'])).toEqual([
      '--set train.steps=5: checkpoint.every: 20 is more than train.steps (5). Lower it, or train longer.',
    ]);
  });

  test('overrides speak the language of a branch', async () => {
    const file = join(folder, 'experiment.yaml');
    await writeFile(file, `${GOOD}policy: {target: 0.5}\n`);
    const spec = await loadExperiment(file, { set: ['train.learningRate=5e-4', 'policy.target=null'] });
    expect([spec.train.optimizer.learningRate, spec.policy.target]).toEqual([5e-4, undefined]);
  });

  test('a long text is told by its beginning and its length', async () => {
    const [problem = ''] = await problemsOf(GOOD.replace('name: demo', `name: ${'n'.repeat(5_000)}`));
    expect(problem).toContain('… (5,000 characters)');
    expect(problem.length).toBeLessThan(600);
  });

  test('a file that is not there', async () => {
    await expect(loadExperiment('nowhere.yaml')).rejects.toMatchObject({
      problems: ['nowhere.yaml: there is no such file. Check the path; examples are in examples/.'],
    });
  });
});
