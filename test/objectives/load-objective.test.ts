import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openArtifacts, type Artifacts } from '../../store/artifacts/artifacts.ts';
import { loadObjective, pinObjective } from '../../activities/objectives/load-objective.ts';
import { evaluateObjective } from '../../activities/objectives/objective.ts';

let folder: string;
let artifacts: Artifacts;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pawl-objectives-'));
  artifacts = openArtifacts(join(folder, 'artifacts'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function moduleOf(name: string, source: string): { module: string; options: Record<string, number> } {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, source);
  return { module: path, options: { scale: 3 } };
}

const SCALED =
  'export const loss = ({ logprobs, input }, { scale }) => logprobs.mul(input("weights")).sum().mul(-scale);';
const examples = [{ targetTokens: [1, 2], inputs: { weights: [0, 0.5] } }];
const logprobs = [[-1, -2]];

describe('a module', () => {
  test('is used as it was when it was pinned', async () => {
    const choice = moduleOf('scaled', SCALED);
    const pinned = await pinObjective(artifacts, choice);
    expect(pinned).toMatchObject({ custom: true, module: expect.stringMatching(/^[0-9a-f]{64}$/) });
    writeFileSync(choice.module, 'throw new Error("changed")');
    const objective = await loadObjective(artifacts, choice, pinned.module);
    if (objective === undefined) throw new Error('no objective');
    const { loss, gradients } = await evaluateObjective(objective, examples, logprobs);
    expect(loss).toBeCloseTo(3, 6);
    expect(gradients).toEqual([[-0, -1.5]]);
  });
  test('may bring its own gradient and metrics', async () => {
    const source = `export const evaluate = (logprobs) => ({ loss: 7, gradients: logprobs.map((row) => row.map(() => 2)) });
      export const metrics = (logprobs) => ({ rows: logprobs.length });`;
    const choice = moduleOf('given', source);
    const { module } = await pinObjective(artifacts, choice);
    const objective = await loadObjective(artifacts, choice, module);
    if (objective === undefined) throw new Error('no objective');
    expect(await evaluateObjective(objective, examples, logprobs)).toEqual({
      loss: 7,
      gradients: [[2, 2]],
      metrics: { rows: 1 },
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
    await expect(pinObjective(artifacts, moduleOf(name.replaceAll(' ', '-'), source))).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringContaining(text),
    });
  });
  test('that is not there is refused', async () => {
    const choice = { module: join(folder, 'none.mjs'), options: {} };
    await expect(pinObjective(artifacts, choice)).rejects.toThrow('none.mjs cannot be used: it cannot be read');
  });
});

describe('a name', () => {
  test.each([undefined, { name: 'cross_entropy' as const, options: {} }])('%j is the trainer’s own', async (choice) => {
    expect(await pinObjective(artifacts, choice)).toEqual({ custom: false });
    expect(await loadObjective(artifacts, choice, undefined)).toBeUndefined();
  });
  test.each(['focal', 'sequence_mean'] as const)('%s is computed here', async (name) => {
    const choice = { name, options: {} };
    expect(await pinObjective(artifacts, choice)).toEqual({ custom: true });
    expect((await loadObjective(artifacts, choice, undefined))?.name).toBe(name);
  });
});
