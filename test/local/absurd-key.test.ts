/** What cannot be a key is refused before anything is started. */
import { expect, test } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../client/config.ts';
import { startStack } from '../../client/local/stack.ts';

test.each([
  [
    'a letter',
    { FIREWORKS_API_KEY: 'x' },
    'FIREWORKS_API_KEY is only 1 character long, and no key of the platform is.',
  ],
  ['none at all', {}, 'FIREWORKS_API_KEY is not set, and the Fireworks platform asks for it.'],
])('%s', async (_, variables, message) => {
  const home = mkdtempSync(join(tmpdir(), 'pawl-key-'));
  const config = readConfig({ PAWL_HOME: home, ...variables });
  await expect(startStack({ config, platform: 'fireworks' })).rejects.toThrow(message);
  expect(readdirSync(home)).toEqual([]);
  rmSync(home, { recursive: true });
});
