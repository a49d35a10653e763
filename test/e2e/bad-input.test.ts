import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { packageRoot } from '../../client/local/paths.ts';
import type { StackInfo } from '../../client/local/stack.ts';
import { writeExperiment } from './experiment.ts';
import { Pawl, type Finished } from './pawl.ts';

const pawl = new Pawl();
let stack: StackInfo;

beforeAll(async () => {
  stack = await pawl.up();
}, 600_000);

afterAll(async () => {
  await pawl.cleanUp();
}, 300_000);

/** One line that says what is wrong, and no stack trace. */
function oneLine({ stderr }: Finished): string {
  const lines = stderr.trim().split('\n');
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}

async function rented(): Promise<number> {
  const { trainers, rented: now } = await pawl.ledger();
  return trainers.length + now.trainerJobs.length + now.deployments.length;
}

describe('what cannot work says why in one line, and rents nothing', () => {
  test.each([
    ['an unknown field', { checkpoint: { every: 10, evry: 3 } }, /experiment\.yaml.*checkpoint.*evry.*every/],
    ['a missing field', { checkpoint: {} }, /experiment\.yaml.*checkpoint\.every/],
    ['a wrong type', { train: { steps: 'many', batchSize: 2, optimizer: { learningRate: 1 } } }, /train\.steps/],
    ['a dataset that is not there', { data: { train: 'nowhere.jsonl' } }, /data\.train.*nowhere\.jsonl/],
  ])('%s', async (_, changes, message) => {
    const finished = await pawl.run(['run', writeExperiment(join(pawl.home, 'bad'), changes)]);
    expect(finished.code).toBe(2);
    expect(oneLine(finished)).toMatch(message);
    expect(await rented()).toBe(0);
  });

  test('bad YAML', async () => {
    const path = join(pawl.home, 'bad.yaml');
    writeFileSync(path, 'name: reverse\n\ttrain: 1\n');
    const finished = await pawl.run(['run', path]);
    expect(finished.code).toBe(2);
    expect(oneLine(finished)).toContain('bad.yaml');
  });

  test('a dataset with no rows', async () => {
    const path = writeExperiment(join(pawl.home, 'empty'));
    writeFileSync(join(pawl.home, 'empty', 'train.jsonl'), '\n');
    const finished = await pawl.run(['run', path]);
    expect(finished.code).not.toBe(0);
    expect(finished.stderr + finished.stdout).toMatch(/train\.jsonl has no rows; write one/);
    expect(await rented()).toBe(0);
  });

  test('an unknown shape', async () => {
    const model = {
      shape: 'accounts/fireworks/trainingShapes/nothing',
      tokenizer: join(packageRoot(), 'sandbox/models/tokenizer.json'),
    };
    const finished = await pawl.run(['run', writeExperiment(join(pawl.home, 'shape'), { model })]);
    expect(finished.code).toBe(1);
    expect(finished.stderr + finished.stdout).toMatch(/accounts\/fireworks\/trainingShapes\/nothing/);
    expect(await rented()).toBe(0);
  });

  test('a platform that does not answer', async () => {
    const variables = { FIREWORKS_BASE_URL: 'http://127.0.0.1:1', PAWL_START_SECONDS: '3' };
    await expect(pawl.worker('unreachable', variables)).rejects.toThrow('ended with 1');
    const log = readFileSync(join(pawl.home, 'unreachable.log'), 'utf8');
    expect(log).toMatch(/^pawl worker: the platform at http:\/\/127\.0\.0\.1:1 does not .*FIREWORKS_BASE_URL/m);
    const environment = { PAWL_TASK_QUEUE: 'unreachable' };
    const finished = await pawl.run(['run', writeExperiment(join(pawl.home, 'unreachable'))], environment);
    expect(finished.code).toBe(1);
    expect(oneLine(finished)).toMatch(/No worker of this home has ever polled a task queue named unreachable/);
  }, 600_000);

  test('a Temporal server that does not answer', async () => {
    const environment = { TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const finished = await pawl.run(['run', writeExperiment(join(pawl.home, 'no-temporal'))], environment);
    expect(finished.code).toBe(3);
    expect(oneLine(finished)).toContain('127.0.0.1:1');
  });

  test('no key for the real platform', async () => {
    const other = new Pawl();
    const finished = await other.run(['up', '--platform', 'fireworks']);
    await other.cleanUp();
    expect(finished.code).not.toBe(0);
    expect(oneLine(finished)).toContain('FIREWORKS_API_KEY');
  });

  test('a port in use', async () => {
    const server = await listen();
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    const other = new Pawl();
    const finished = await other.run(['up', '--temporal-port', port]);
    await other.cleanUp();
    server.close();
    expect(finished.code).not.toBe(0);
    expect(finished.stderr).toMatch(new RegExp(`${port}.*in use`));
  });

  test('the platform key is in no history, no log and no file', async () => {
    const key = 'fw-a-key-that-nobody-must-see';
    await pawl.worker('keyed', { FIREWORKS_API_KEY: key, FIREWORKS_BASE_URL: stack.sandboxUrl ?? '' });
    const train = { steps: 4, batchSize: 4, optimizer: { learningRate: 0.01 } };
    const changes = { train, checkpoint: { every: 2 } };
    const environment = { PAWL_TASK_QUEUE: 'keyed' };
    const finished = await pawl.run(['run', writeExperiment(join(pawl.home, 'keyed'), changes)], environment);
    expect(finished.code).toBe(0);
    // Everything pawl keeps is below its home: store, artifacts, logs, and Temporal's database with the histories.
    const files = filesBelow(pawl.home);
    expect(files.some((file) => file.endsWith('temporal.db'))).toBe(true);
    for (const encoded of [key, Buffer.from(key).toString('base64').slice(4, -4)]) {
      expect(files.filter((file) => readFileSync(file).includes(encoded))).toEqual([]);
    }
  }, 600_000);
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

function listen(): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
  });
}
