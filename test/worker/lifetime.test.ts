/** How a worker process ends: within its grace, whatever lingers in it, so that another one can take its place. */
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../../client/local/paths.ts';

/** Runs a worker that is `run` and `shutdown`; `told`: with SIGTERM, once it is ready. */
async function lifeOf(worker: string, { told }: { told: boolean }): Promise<{ code: number; said: string }> {
  const source = `
    import { live, end } from './lib/worker/lifetime.js';
    // A connection that nobody closes.
    setInterval(() => undefined, 1000);
    const onReady = () => process.stdout.write('ready');
    live(${worker}, { onReady, drainLimitMs: 200 }).catch((error) => end(error.message));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], { cwd: packageRoot() });
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  if (told) child.kill('SIGTERM');
  const [code] = (await ended) as [number];
  return { code, said };
}

const NEVER = 'new Promise(() => undefined)';

test('one that was told to end, and has an activity that hears of nothing, ends all the same, and says so', async () => {
  const { code, said } = await lifeOf(`{ run: () => ${NEVER}, shutdown: () => undefined }`, { told: true });
  expect(code).toBe(1);
  expect(said).toBe('pawl worker: an activity did not end in time; another worker goes on with it\n');
});

test('one that failed ends with its reason, whatever it still holds open', async () => {
  const failed = `{ run: () => Promise.reject(new Error('Worker still in use')), shutdown: () => undefined }`;
  expect(await lifeOf(failed, { told: false })).toEqual({ code: 1, said: 'pawl worker: Worker still in use\n' });
});

test('one that drained ends well', async () => {
  const worker = `(() => { let ended; const run = new Promise((resolve) => (ended = resolve)); return { run: () => run, shutdown: () => ended() }; })()`;
  expect(await lifeOf(worker, { told: true })).toEqual({ code: 0, said: '' });
});
