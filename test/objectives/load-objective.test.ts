import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openArtifacts, type Artifacts } from '../../store/artifacts/artifacts.ts';
import { loadObjective, pinObjective, type ObjectivePorts } from '../../activities/objectives/load-objective.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import { SPEC } from '../store/fixtures.ts';
import { createUserCode, type UserCode } from '../../activities/user-code/user-code.ts';

let folder: string;
let artifacts: Artifacts;
let userCode: UserCode;
let ports: ObjectivePorts;
const { signal } = new AbortController();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pawl-objectives-'));
  artifacts = openArtifacts(join(folder, 'artifacts'));
  userCode = createUserCode({ artifacts, environments: join(folder, 'python') });
  ports = { artifacts, userCode, secrets: new Map() };
});

afterAll(async () => {
  await userCode.close();
  rmSync(folder, { recursive: true, force: true });
});

type Choice = Extract<NonNullable<RunSpec['train']['objective']>, { module: string }>;

function moduleOf(name: string, source: string): Choice {
  const module = join(folder, `${name}.mjs`);
  writeFileSync(module, source);
  return specOf({ module, options: { scale: 3 } });
}

/** As an experiment would spell it. */
function specOf(objective: object): Choice {
  return RunSpec.parse({ ...SPEC, train: { ...SPEC.train, objective } }).train.objective as Choice;
}

const SCALED =
  'export const loss = ({ logprobs, input }, { scale }) => logprobs.mul(input("weights")).sum().mul(-scale);';
const examples = [{ targetTokens: [1, 2], inputs: { weights: [0, 0.5] } }];
const logprobs = [[-1, -2]];

describe('a module', () => {
  test('is used as it was when it was pinned', async () => {
    const choice = moduleOf('scaled', SCALED);
    const pinned = await pinObjective(ports, choice, signal);
    expect(pinned).toMatchObject({ custom: true, module: expect.stringMatching(/^[0-9a-f]{64}$/) });
    writeFileSync(choice.module, 'throw new Error("changed")');
    const objective = loadObjective(ports, choice, pinned.module);
    if (objective === undefined) throw new Error('no objective');
    const { loss, gradients } = await objective.evaluate(examples, logprobs, signal);
    expect(loss).toBeCloseTo(3, 6);
    expect(gradients).toEqual([[-0, -1.5]]);
  });
  test('may bring its own gradient and metrics', async () => {
    const source = `export const evaluate = (logprobs) => ({ loss: 2 * logprobs.flat().reduce((sum, p) => sum + p, 0), gradients: logprobs.map((row) => row.map(() => 2)) });
      export const metrics = (logprobs) => ({ rows: logprobs.length });`;
    const choice = moduleOf('given', source);
    const { module } = await pinObjective(ports, choice, signal);
    const objective = loadObjective(ports, choice, module);
    if (objective === undefined) throw new Error('no objective');
    expect(await objective.evaluate(examples, logprobs, signal)).toEqual({
      loss: -6,
      gradients: [[2, 2]],
      metrics: { rows: 1 },
      ownGradient: true,
    });
  });
  test.each<[string, string, string]>([
    ['exports nothing', 'export const other = 1;', 'export a function'],
    ['is no JavaScript', 'export const = ;', 'cannot be loaded'],
    ['imports a neighbour', 'import { x } from "./neighbour.mjs"; export const loss = x;', 'cannot be loaded'],
    ['throws', 'export const loss = () => { throw new Error("boom"); };', 'boom'],
    ['has no finite loss', 'export const loss = ({ logprobs }) => logprobs.log().sum();', 'not a finite number'],
    ['gives a gradient of another shape', 'export const evaluate = () => ({ loss: 1, gradients: [] });', '0 slopes'],
  ])('that %s is refused before anything is rented', async (name, source, text) => {
    await expect(pinObjective(ports, moduleOf(name.replaceAll(' ', '-'), source), signal)).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringContaining(text),
    });
  });
  test('that is not there is refused', async () => {
    const choice = specOf({ module: join(folder, 'none.mjs') });
    await expect(pinObjective(ports, choice, signal)).rejects.toThrow('none.mjs cannot be used: it cannot be read');
  });
});

describe('a name', () => {
  test.each([undefined, { name: 'cross_entropy' as const, options: {} }])('%j is the trainer’s own', async (choice) => {
    expect(await pinObjective(ports, choice, signal)).toEqual({ custom: false });
    expect(loadObjective(ports, choice, undefined)).toBeUndefined();
  });
  test.each(['focal', 'sequence_mean'] as const)('%s is computed here', async (name) => {
    const choice = { name, options: {} };
    expect(await pinObjective(ports, choice, signal)).toEqual({ custom: true });
    expect(loadObjective(ports, choice, undefined)?.name).toBe(name);
  });
});
