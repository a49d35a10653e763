import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { openGrader, pinGrader } from '../../activities/grading/graders.ts';
import type { Grader } from '../../activities/grading/grader.ts';
import { loadObjective, pinObjective } from '../../activities/objectives/load-objective.ts';
import type { RunObjective } from '../../activities/objectives/run-objective.ts';
import { isLikelihood } from '../../domain/spec/grader-spec.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import { withAbsolutePaths } from '../../files/experiment/experiment-file.ts';
import { SPEC } from '../store/fixtures.ts';
import { testPool } from '../compute/pool.ts';
import { about, openDesk, type Desk } from './support.ts';

const text = readFileSync('docs/user-code.md', 'utf8');
const blocks = [...text.matchAll(/```(js|python|yaml)\n(.*?)```/gs)].map(([, language = '', body = '']) => ({
  language,
  body,
}));

const compute = testPool();
let desk: Desk;

beforeAll(() => {
  desk = openDesk();
  for (const { body } of blocks) {
    const name = /^(?:\/\/|#) (\S+\.(?:mjs|py))$/m.exec(body)?.[1];
    if (name !== undefined) desk.file(name, body);
  }
});

afterAll(() => desk.close());

/** The experiment of the tests, with the block of the page that names `file`. */
function experimentWith(file: string): RunSpec {
  const block = blocks.find(({ language, body }) => language === 'yaml' && body.includes(file));
  const { train = {}, evaluate = {} } = parse(block?.body ?? '') as { train?: object; evaluate?: object };
  const spec = { ...SPEC, train: { ...SPEC.train, ...train }, evaluate: { ...SPEC.evaluate, ...evaluate } };
  return withAbsolutePaths(RunSpec.parse(spec), desk.folder);
}

async function graderWith(file: string): Promise<Grader> {
  const { grader } = experimentWith(file).evaluate;
  if (isLikelihood(grader)) throw new Error('it looks at no answers');
  const { artifacts, userCode } = desk;
  return openGrader({ artifacts, userCode, compute, secrets: new Map() }, grader, await pinGrader(artifacts, grader));
}

async function objectiveWith(file: string): Promise<RunObjective | undefined> {
  const { objective } = experimentWith(file).train;
  const ports = { artifacts: desk.artifacts, userCode: desk.userCode, secrets: new Map<string, string>() };
  const { module } = await pinObjective(ports, objective, new AbortController().signal);
  return loadObjective(ports, objective, module);
}

const EXAMPLES = [{ targetTokens: [1, 2], inputs: { weights: [0, 0.5] } }];

test('the grader in JavaScript grades', async () => {
  const grader = await graderWith('starts-alike.mjs');
  expect(grader.binary).toBe(true);
  expect(await grader.score('Paris!', 'Par', about())).toBe(1);
  expect(await grader.score('Prague', 'Par', about())).toBe(0);
});

test('the grader in Python grades', async () => {
  const grader = await graderWith('closeness.py');
  expect(await grader.score('7', '12', about())).toBe(0.5);
  expect(await grader.score('seven', '12', about())).toBe(0);
});

test('the objective in JavaScript is computed', async () => {
  const objective = await objectiveWith('confident.mjs');
  const result = await objective?.evaluate(EXAMPLES, [[-1, -2]], new AbortController().signal);
  expect(result?.loss).toBeCloseTo((1 - Math.exp(-2)) ** 2, 5);
  expect(result?.metrics).toEqual({ 'logprob:mean': -1.5 });
});

test('the objective in Python is computed', async () => {
  const objective = await objectiveWith('squared.py');
  const result = await objective?.evaluate(EXAMPLES, [[-1, -2]], new AbortController().signal);
  expect(result).toMatchObject({ loss: 2, metrics: { rows: 1 } });
  expect(result?.gradients).toEqual([[-0, -2]]);
});

test('the choice of a Python is one', () => {
  const block = blocks.find(({ body }) => body.includes('requirements.txt'));
  const python = (parse(block?.body ?? '') as { python?: object }).python;
  const spec = withAbsolutePaths(RunSpec.parse({ ...SPEC, python }), desk.folder);
  expect(spec.python).toEqual({ interpreter: 'python3', requirements: join(desk.folder, 'requirements.txt') });
});
