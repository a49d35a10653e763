import { expect, test } from '@jest/globals';
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openProcessLog } from '../../client/local/process-log.ts';
import { temporaryFolder } from './support.ts';

const folder = temporaryFolder();

// `/dev/full` answers every write as a full disk does.
(existsSync('/dev/full') ? test : test.skip)('a line that finds the disk full is dropped and counted', () => {
  const file = join(folder, 'full.log');
  symlinkSync('/dev/full', file);
  const log = openProcessLog(file);
  log.write('first');
  log.remark('second');
  expect(log.dropped()).toBe(2);
  log.close();
  log.write('third');
  expect(log.dropped()).toBe(2);
});

test('what fits is written, and nothing counted', () => {
  const file = join(folder, 'fits.log');
  const log = openProcessLog(file);
  log.write('a line');
  expect([readFileSync(file, 'utf8'), log.dropped()]).toEqual(['a line\n', 0]);
  log.close();
  rmSync(file);
  writeFileSync(file, '');
});
