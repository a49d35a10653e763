import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../client/local/paths.ts';
import { exchanged } from '../replay/exchanged.ts';
import { writeExperiment } from './experiment.ts';
import { Pawl } from './pawl.ts';

const pawl = new Pawl();
const QUEUE = 'upgraded';

beforeAll(async () => {
  await pawl.up();
}, 600_000);

afterAll(async () => {
  await pawl.cleanUp();
}, 300_000);

/** A pawl whose workflow code was changed without `patched()`, as the replay test would not have let it. */
function incompatiblePawl(): string {
  const root = join(pawl.home, 'incompatible');
  mkdirSync(root);
  cpSync(join(packageRoot(), 'lib'), join(root, 'lib'), { recursive: true });
  cpSync(join(packageRoot(), 'package.json'), join(root, 'package.json'));
  symlinkSync(join(packageRoot(), 'node_modules'), join(root, 'node_modules'));
  const bundle = join(root, 'lib', 'workflow-bundle.js');
  writeFileSync(bundle, exchanged(readFileSync(bundle, 'utf8'), 'trainWindow', 'record'));
  return root;
}

test('a worker that cannot continue a run does not harm it, and says so; one that can takes it to its end', async () => {
  const before = await pawl.worker(QUEUE);
  const runId = await pawl.start(writeExperiment(join(pawl.home, 'run')), { taskQueue: QUEUE });
  await pawl.until(runId, ({ steps }) => steps.length >= 6);
  await before.stop();

  const incompatible = await pawl.worker(QUEUE, {}, incompatiblePawl());
  const stuck = await pawl.until(runId, ({ waiting }) => waiting?.message.includes('cannot continue it') === true);
  expect(stuck.outcome).toBe('running');
  await incompatible.stop();

  await pawl.worker(QUEUE);
  const run = await pawl.until(runId, ({ outcome }) => outcome === 'finished' || outcome === 'failed');
  expect(run).toMatchObject({ outcome: 'finished', rewinds: [] });
  expect(run.steps).toHaveLength(30);
  expect((await pawl.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });
}, 600_000);
