import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { backUp, restore } from '../../store/backup/backup.ts';
import { openStore } from '../../store/index.ts';
import { metrics, newFolder, newRun } from './fixtures.ts';

let home: string;
let folder: string;

beforeEach(async () => {
  home = await newFolder();
  folder = join(await newFolder(), 'backup');
  await mkdir(join(home, 'artifacts', 'ab'), { recursive: true });
  await writeFile(join(home, 'artifacts', 'ab', 'abcd'), 'an artifact');
});

async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('a backup that is made while somebody writes holds everything that was acknowledged by then', async () => {
  const store = await openStore({ path: join(home, 'pawl.db') });
  await store.saveRun(newRun('a'));
  const progress = { step: 0, done: false };
  const writing = (async () => {
    while (!progress.done) await store.recordSteps('a', [metrics(++progress.step)]);
  })();
  await until(() => progress.step > 20);
  const acknowledged = progress.step - 1;
  await backUp(home, folder);
  progress.done = true;
  await writing;
  await store.close();

  const other = join(await newFolder(), 'new-home');
  await restore(folder, other);
  const restored = await openStore({ path: join(other, 'pawl.db') });
  const steps = await restored.steps('a');
  expect(steps.length).toBeGreaterThanOrEqual(acknowledged);
  expect(steps).toEqual(steps.map((_, index) => metrics(index + 1)));
  await restored.close();
  expect(existsSync(join(other, 'artifacts', 'ab', 'abcd'))).toBe(true);
});

test('what is damaged or missing is not restored, and a home that has a store is left alone', async () => {
  await (await openStore({ path: join(home, 'pawl.db') })).close();
  await backUp(home, folder);
  await expect(backUp(home, folder)).rejects.toThrow('is there already');
  await expect(restore(folder, home)).rejects.toThrow('has a store');
  const other = join(await newFolder(), 'new-home');
  await appendFile(join(folder, 'artifacts', 'ab', 'abcd'), '!');
  await expect(restore(folder, other)).rejects.toThrow('is not what was backed up');
  await rm(join(folder, 'artifacts', 'ab', 'abcd'));
  await expect(restore(folder, other)).rejects.toThrow('is missing');
  expect(existsSync(other)).toBe(false);
  await expect(restore(home, other)).rejects.toThrow('is no backup');
});
