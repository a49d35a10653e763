import { describe, expect, test } from '@jest/globals';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveTemporalBinary } from '../../client/local/temporal-binary.ts';
import { TEMPORAL_RELEASE } from '../../client/local/temporal-release.ts';
import { temporaryFolder, testConfig } from './support.ts';

const folder = temporaryFolder();
const config = testConfig(folder);

/** A folder with a program that answers as another release of the Temporal CLI would. */
function folderWithTemporal(answer: string): string {
  const bin = mkdtempSync(join(folder, 'bin-'));
  const file = join(bin, 'temporal');
  writeFileSync(file, `#!/bin/sh\necho "${answer}"\n`);
  chmodSync(file, 0o755);
  return bin;
}

function emptyFolder(): string {
  return mkdtempSync(join(folder, 'empty-'));
}

describe('which binary is used', () => {
  test('the one that is named', async () => {
    const path = join(folderWithTemporal('temporal version 1.7.2 (Server 1.30.0, UI 2.44.0)'), 'temporal');
    const found = await resolveTemporalBinary({ explicit: path, cache: emptyFolder(), env: config.inherited });
    expect(found).toEqual({ path, version: '1.7.2', source: 'explicit' });
  });

  test('none but the one that is named, even if it cannot be used', async () => {
    const explicit = join(folder, 'not-there');
    await expect(resolveTemporalBinary({ explicit, cache: config.cache, env: config.inherited })).rejects.toThrow(
      /not-there cannot be used: not found\. Correct --temporal-bin or TEMPORAL_CLI_PATH/,
    );
  });

  test('the one on PATH', async () => {
    const PATH = `${folderWithTemporal('temporal version 1.10.0 (Server 1.33.0, UI 2.60.0)')}:/usr/bin:/bin`;
    const found = await resolveTemporalBinary({ cache: emptyFolder(), env: { PATH } });
    expect(found).toEqual({ path: 'temporal', version: '1.10.0', source: 'PATH' });
  });

  test.each([
    ['temporal version 1.4.9 (Server 1.28.0)', 'it is 1.4.9, and pawl needs 1.5.0 or newer'],
    ['tctl version 1.18', 'it is not the Temporal CLI'],
  ])('not one on PATH that answers %p, and it says why', async (answer, reason) => {
    const PATH = `${folderWithTemporal(answer)}:/usr/bin:/bin`;
    const said: string[] = [];
    const options = {
      cache: emptyFolder(),
      env: { PATH },
      offline: true,
      onProgress: (line: string) => said.push(line),
    };
    await expect(resolveTemporalBinary(options)).rejects.toThrow(reason);
    expect(said).toEqual([`Not using temporal on PATH: ${reason}`]);
  });

  test('none: the error names every way out', async () => {
    const attempt = resolveTemporalBinary({ cache: emptyFolder(), env: { PATH: '/nowhere' }, offline: true });
    await expect(attempt).rejects.toThrow(/TEMPORAL_ADDRESS=.*on PATH.*--temporal-bin or TEMPORAL_CLI_PATH.*Python 3/s);
  });
});

describe('an installation', () => {
  const cache = emptyFolder();

  test('is made once by two at the same time, and announced before the download', async () => {
    const said: string[] = [];
    const options = { cache, env: config.inherited, onProgress: (line: string) => said.push(line) };
    const [one, other] = await Promise.all([resolveTemporalBinary(options), resolveTemporalBinary(options)]);
    expect(one).toMatchObject({ version: TEMPORAL_RELEASE.version, source: 'download' });
    expect(other.path).toBe(one.path);
    expect(readdirSync(join(cache, 'temporal'))).toEqual([TEMPORAL_RELEASE.version]);
    expect(said[0]).toMatch(/^Downloading the Temporal server 1\.9\.1 with .* \(45 MB, this once\)$/);
  });

  test('is found again without a network', async () => {
    const found = await resolveTemporalBinary({ cache, env: { PATH: '/nowhere' }, offline: true });
    expect(found).toMatchObject({ version: TEMPORAL_RELEASE.version, source: 'cache' });
  });

  test('that was cut off is no installation, and is cleared away when it is old', async () => {
    const torn = emptyFolder();
    const abandoned = join(torn, 'temporal', '.partial-abandoned');
    const recent = join(torn, 'temporal', '.partial-recent');
    mkdirSync(abandoned, { recursive: true });
    mkdirSync(recent);
    mkdirSync(join(torn, 'temporal', TEMPORAL_RELEASE.version));
    const twoHoursAgo = Date.now() / 1000 - 7200;
    utimesSync(abandoned, twoHoursAgo, twoHoursAgo);
    const found = await resolveTemporalBinary({ cache: torn, env: config.inherited });
    expect(found.source).toBe('download');
    expect(existsSync(abandoned)).toBe(false);
    expect(existsSync(recent)).toBe(true);
  });
});
