/** A platform that refuses to take its machines back: the run ends as it ended, and nothing stays rented. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { DisturbedStack } from '../../chaos/stack.ts';
import { loadExperiment } from '../../client/index.ts';
import { writeExperiment } from './experiment.ts';

let stack: DisturbedStack;

beforeAll(async () => {
  stack = await DisturbedStack.start({ workers: 1, direct: true, sandboxFlags: ['--allow-faults'] });
}, 600_000);

afterAll(async () => {
  await stack?.stop();
}, 300_000);

/** Adds to the sandbox's faults, and says which of them happened. */
async function faults(plan?: object): Promise<{ rules: { fired: number }[] }> {
  const response = await fetch(`${stack.sandboxUrl}/sandbox/v1/faults`, {
    headers: { 'x-api-key': 'any', 'content-type': 'application/json' },
    ...(plan !== undefined && { method: 'POST', body: JSON.stringify(plan) }),
  });
  return (await response.json()) as { rules: { fired: number }[] };
}

test('refusals of every kind are asked again, of one machine without the other, and change nothing about the end', async () => {
  const refusals = [
    ['rlorTrainerJobs', 1, 403],
    ['rlorTrainerJobs', 2, 400],
    ['deployments', 1, 409],
    ['deployments', 2, 401],
  ] as const;
  const rules = refusals.map(([path, nth, status]) => ({
    match: { method: 'DELETE', path, nth },
    effect: { kind: 'status', status },
    times: 1,
  }));
  await faults({ rules });
  const train = { steps: 4, batchSize: 8, seed: 3, windowSteps: 2, optimizer: { learningRate: 0.01 } };
  const file = writeExperiment(join(stack.home, 'refused'), { train, checkpoint: { every: 4 } });
  const { runId } = await stack.runs.start(await loadExperiment(file));
  const { outcome, report } = await stack.runs.result(runId);
  expect(outcome).toBe('finished');
  expect(report?.release).toEqual({ trainerState: 'JOB_STATE_DELETED', deploymentState: 'gone' });
  expect((await stack.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });
  expect((await faults()).rules.map(({ fired }) => fired)).toEqual([1, 1, 1, 1]);
}, 600_000);
