import { beforeAll, describe, expect, test } from '@jest/globals';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../client/local/paths.ts';
import { asksMore, exchanged } from './exchanged.ts';
import { historyNames, readHistory } from './histories.ts';

const bundle = join(packageRoot(), 'lib', 'workflow-bundle.js');
const names = historyNames();

beforeAll(() => {
  // A violation is told by its error, which the tests look at.
  const logger = new DefaultLogger('ERROR', () => undefined);
  Runtime.install({ logger, telemetryOptions: { logging: { filter: 'OFF' } }, shutdownSignals: [] });
});

/** What went wrong with each history, by its name; nothing for one that replays. */
async function replay(code: string, chosen = names): Promise<Map<string, string | undefined>> {
  const histories = chosen.map((name) => ({ workflowId: name, history: readHistory(name) }));
  const results = new Map<string, string | undefined>();
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: { code } }, histories)) {
    results.set(workflowId, error?.message);
  }
  return results;
}

describe('runs that were started by earlier code go on with today’s', () => {
  let results: Map<string, string | undefined>;

  beforeAll(async () => {
    results = await replay(readFileSync(bundle, 'utf8'));
  });

  test.each(names)('%s', (name) => {
    expect([...results.keys()]).toContain(name);
    expect(results.get(name)).toBeUndefined();
  });

  test.each([
    'finished',
    'stopped',
    'cancelled',
    'failed',
    'worker-killed',
    'rewound',
    'paused-and-resumed',
    'paused-and-stopped',
    'continued-as-new-1',
    'continued-as-new-2',
    'reconciled-2',
    'branched',
    'branched-by-policy-1',
    'branched-by-policy-2',
    'promoted-2',
    'served-2',
  ])('%s is among what was recorded', (name) => {
    expect(names.map((path) => path.split('/').at(-1))).toContain(name);
  });
});

test('code that does other things in another order is found out', async () => {
  const [finished = '', failed = ''] = ['finished', 'failed'].map(recorded);
  const code = exchanged(readFileSync(bundle, 'utf8'), 'saveState', 'saveSnapshot');
  const results = await replay(code, [finished, failed]);
  expect(results.get(finished)).toContain('Nondeterminism');
  // It rented nothing: there was nothing to do in another order.
  expect(results.get(failed)).toBeUndefined();
});

describe('a loop that does more than before', () => {
  test('goes on with every recorded run where it asks whether the run knows of it', async () => {
    const results = await replay(asksMore(readFileSync(bundle, 'utf8'), { under: 'patched' }));
    expect([...results].filter(([, error]) => error !== undefined)).toEqual([]);
    expect(results.size).toBe(names.length);
  });

  test('is found out where it does not ask', async () => {
    const code = asksMore(readFileSync(bundle, 'utf8'), { under: 'nothing' });
    expect((await replay(code, [recorded('finished')])).get(recorded('finished'))).toContain('Nondeterminism');
  });
});

function recorded(name: string): string {
  return names.find((path) => path.endsWith(`/${name}`)) ?? name;
}
