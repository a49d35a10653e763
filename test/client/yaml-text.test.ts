/** Files that are no experiment whatever they say, and remedies that used to lead astray: a sentence each, with its place. */
import { Buffer } from 'node:buffer';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ExperimentError } from '../../files/experiment/experiment-error.ts';
import { loadExperiment } from '../../files/experiment/experiment-file.ts';
import { GOOD } from './good-experiment.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pawl-yaml-'));
});

afterAll(async () => rm(folder, { recursive: true }));

async function problemsOf(text: string | Uint8Array): Promise<readonly string[]> {
  const file = join(folder, 'experiment.yaml');
  await writeFile(file, text);
  const error = await loadExperiment(file).catch((thrown: unknown) => thrown);
  if (!(error instanceof ExperimentError)) throw new Error(`no ExperimentError: ${String(error)}`);
  return error.problems.map((problem) => problem.replaceAll(`${folder}/`, ''));
}

describe('a file with', () => {
  test.each([
    [
      'one tab, told once',
      GOOD.replace('  steps: 100', '\tsteps: 100'),
      ['experiment.yaml:8:1: not valid YAML: Tabs are not allowed as indentation. Correct this line.'],
    ],
    [
      'two documents',
      `${GOOD}---\n${GOOD}`,
      [
        'experiment.yaml:16:1: a second YAML document begins here. An experiment is one: write the other into a file of its own.',
      ],
    ],
    [
      'sets, ordered maps and tags that nobody reads',
      `${GOOD}budget: !!set {maxHours}\nprices: !!omap [trainerPerHour: 1]\nprom: !secret x\n`,
      [
        'experiment.yaml:16:15: the tag !!set means nothing here. Write plain sections, lists, text and numbers.',
        'experiment.yaml:17:16: the tag !!omap means nothing here. Write plain sections, lists, text and numbers.',
        'experiment.yaml:18:7: the tag !secret means nothing here. Write plain sections, lists, text and numbers.',
      ],
    ],
    [
      'numbers that are none',
      `${GOOD}policy: {target: .nan, minGain: 1e400, maxLoss: -.inf}\n`,
      [
        'experiment.yaml:16:18: NaN is no number. Write a finite one.',
        'experiment.yaml:16:33: too large for a number, or infinite. Write a finite one.',
        'experiment.yaml:16:49: too large for a number, or infinite. Write a finite one.',
      ],
    ],
    [
      'a suite with a name that no section can have',
      `${GOOD}  suites:\n    __proto__: {prompts: prompts.jsonl}\n`,
      ['experiment.yaml:17:5: no field or suite can have the name __proto__. Choose another.'],
    ],
  ])('%s', async (_, text, problems) => {
    expect(await problemsOf(text)).toEqual(problems);
  });

  test.each([
    ['UTF-16', Buffer.from(`\uFEFF${GOOD}`, 'utf16le'), 'experiment.yaml: is UTF-16. Save it as UTF-8.'],
    ['a binary', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1]), 'experiment.yaml: is no text file. Name a YAML file.'],
    ['no UTF-8', Buffer.from([0x6e, 0xff, 0x80]), 'experiment.yaml: is no text file. Name a YAML file.'],
  ])('a file that is %s', async (_, bytes, problem) => {
    expect(await problemsOf(bytes)).toEqual([problem]);
  });
});

describe('a remedy leads somewhere:', () => {
  test.each([
    [
      'a field of a grader that belongs inside its section',
      `${GOOD}  grader: {http: {url: "http://127.0.0.1:1/"}, binary: true}\n`,
      [expect.stringMatching(/evaluate\.grader.*unknown field here\. It belongs under "http"\.$/)],
    ],
    [
      'an objective by its bare name',
      GOOD.replace('  batchSize: 4', '  batchSize: 4\n  objective: focal'),
      [
        'experiment.yaml:10:3 train.objective: the text "focal" is no section. Write {name: focal}; there are cross_entropy, focal, sequence_mean, and code of your own.',
      ],
    ],
    [
      'an objective that is not there',
      GOOD.replace('  batchSize: 4', '  batchSize: 4\n  objective: {name: dpo}'),
      [
        expect.stringMatching(
          /train\.objective.*expected one of cross_entropy, focal, sequence_mean; got the text "dpo"/,
        ),
      ],
    ],
    [
      'no optimizer',
      GOOD.replace('  optimizer:\n    learningRate: 1e-3\n', ''),
      ['experiment.yaml:7:1 train.optimizer: is missing. Add "optimizer: {learningRate: 1e-4}" under "train".'],
    ],
  ])('%s', async (_, text, problems) => {
    expect(await problemsOf(text)).toEqual(problems);
  });
});
