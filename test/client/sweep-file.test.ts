/** Sweep files: what is wrong is told with its place and the way out, before anything is submitted. */
import { expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ExperimentError } from '../../files/experiment/experiment-error.ts';
import { loadSweep } from '../../files/sweep-file.ts';
import { packageRoot } from '../../client/local/paths.ts';
import { writeExperiment } from '../e2e/experiment.ts';

const folder = mkdtempSync(join(tmpdir(), 'pawl-sweep-file-'));
const EXPERIMENT = writeExperiment(folder);
const RATES = { 'train.optimizer.learningRate': { values: [0.01, 0.001] } };

async function problems(changes: Record<string, unknown>): Promise<readonly string[]> {
  const file = join(mkdtempSync(join(tmpdir(), 'pawl-sweep-')), 'sweep.yaml');
  writeFileSync(
    file,
    stringify({ name: 'rates', experiment: EXPERIMENT, method: 'grid', parameters: RATES, ...changes }),
  );
  try {
    await loadSweep(file);
    return [];
  } catch (error) {
    if (!(error instanceof ExperimentError)) throw error;
    return error.problems.map((line) => line.replaceAll(file, 'sweep.yaml'));
  }
}

test('loads with absolute paths, and as its own file says where they are', async () => {
  expect(await problems({})).toEqual([]);
  const file = join(folder, 'sweep.yaml');
  writeFileSync(file, stringify({ name: 'rates', experiment: 'experiment.yaml', method: 'grid', parameters: RATES }));
  const { spec, experiment } = await loadSweep(file);
  expect(spec).toMatchObject({ method: 'grid', concurrency: 1 });
  expect(experiment.data.train).toBe(join(folder, 'train.jsonl'));
});

test('the example is a sweep of an experiment, but for its data, which is made', async () => {
  const loading = loadSweep(join(packageRoot(), 'examples/rates.yaml'));
  const told = await loading.then(
    () => [],
    (error: unknown) => (error instanceof ExperimentError ? error.problems : [String(error)]),
  );
  for (const problem of told) expect(problem).toContain('there is no file');
});

test.each([
  [{ parameters: { 'train.learningRat': { values: [1, 2] } } }, 'sweep.yaml:5:3 parameters.train.learningRat'],
  [{ parameters: { 'train.batchSize': { values: [8, 'many'] } } }, 'with "many", train.batchSize'],
  [{ parameters: {} }, 'sweep.yaml:4:1 parameters'],
  [{ metric: { suite: 'absent' } }, 'the experiment has no suite "absent". Its trials are scored by: main.'],
  [{ method: 'pbt' }, 'sweep.yaml:3:1 method: is not there yet. Use grid, random or tpe.'],
  [
    { machines: 'reuse', experiment: writeExperiment(join(folder, 'kept'), { deployment: { onFinish: 'keep' } }) },
    'machines: reuse does not go with deployment.onFinish: keep. Leave it out: each trial rents its own.',
  ],
  [{ confirm: { prompts: 'heldout.jsonl' } }, 'confirm.prompts: there is no file'],
  [{ confirm: { prompts: join(folder, 'heldout.jsonl') } }, 'are those of the suite main, by which trials are chosen.'],
  [{ promote: { to: 'prod', suites: ['names'] } }, 'the experiment has no suite "names". Name one of main.'],
  [{ method: 'simulated-annealing' }, 'sweep.yaml:3:1 method'],
  [{ experiment: 'nowhere.yaml' }, 'nowhere.yaml: there is no such file.'],
  [{ experiment: { name: 'x' } }, 'sweep.yaml:2:1 experiment.model: is missing.'],
])('%j is refused', async (changes, said) => {
  const found = await problems(changes);
  expect(found.join('\n')).toContain(said);
});
