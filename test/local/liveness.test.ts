import { expect, test } from '@jest/globals';
import { join } from 'node:path';
import { watchLiveness } from '../../client/local/liveness.ts';
import { keepProcess, type ProcessEvent } from '../../client/local/process.ts';
import { temporaryFolder, until } from './support.ts';

const folder = temporaryFolder();

test('a process whose loop stands still is ended, and started again; one that moves is left alone', async () => {
  const file = join(folder, 'example.alive');
  // Its first life stands still once it has said that it is ready; its second one moves.
  const source = `
    const fs = require('node:fs');
    const touch = () => fs.writeFileSync(${JSON.stringify(file)}, String(Date.now()));
    const first = !fs.existsSync(${JSON.stringify(file)});
    touch();
    console.log(first ? 'first' : 'second');
    setInterval(touch, 20);
    if (first) setTimeout(() => { for (;;); }, 200);`;
  const events: ProcessEvent[] = [];
  const example = await keepProcess(
    {
      name: 'example',
      command: process.execPath,
      args: ['--eval', source],
      env: { PATH: process.env['PATH'] ?? '' },
      logFile: join(folder, 'example.log'),
      ready: { by: 'line', parse: (line) => line },
      readyTimeoutMs: 60_000,
      stopTimeoutMs: 5_000,
    },
    (event) => events.push(event),
  );
  const said: number[] = [];
  const unwatch = watchLiveness({
    file,
    pid: () => example.pid(),
    onStandstill: (seconds) => said.push(seconds),
    everyMs: 100,
    patience: 30,
  });
  await until(() => events.some(({ kind }) => kind === 'restarted'));
  expect([example.value(), said]).toEqual(['second', [3]]);
  unwatch();
  await example.stop();
}, 600_000);
