import { describe, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { refuseRentedElsewhere } from '../../client/local/rented-elsewhere.ts';
import { startStack } from '../../client/local/stack.ts';
import { openStore } from '../../store/index.ts';
import { temporaryFolder, testConfig } from './support.ts';

const folder = temporaryFolder();
const SANDBOX = '0b0f5a52-52a4-4f6e-9a39-3d2f1c6f0001';

/** A home that rents a trainer at some place, and whose sandbox has an id. */
async function homeThatRents(platform: string): Promise<string> {
  const home = mkdtempSync(join(folder, 'home-'));
  const store = await openStore({ path: join(home, 'pawl.db'), place: { platform, account: 'acme' } });
  await store.planLease('demo-1a2b3c4d', { kind: 'trainer', id: 'demo-1a2b3c4d-trainer' });
  await store.close();
  mkdirSync(join(home, 'sandbox'));
  writeFileSync(join(home, 'sandbox', 'sandbox.id'), SANDBOX);
  return home;
}

describe('a home whose machines are rented at the platform', () => {
  test('is refused to the sandbox before anything is started, with names and the way out', async () => {
    const home = await homeThatRents('fireworks:https://api.fireworks.ai');
    const starting = startStack({ config: testConfig(home), platform: 'sandbox' });
    await expect(starting).rejects.toThrow(
      /rented elsewhere: trainer demo-1a2b3c4d-trainer of run demo-1a2b3c4d at fireworks:https:\/\/api\.fireworks\.ai \(account acme\)\. Go on there \(pawl up --platform fireworks.*--leave-rented/,
    );
    expect(existsSync(join(home, 'stack.json'))).toBe(false);
  });

  test('may go on there', async () => {
    const home = await homeThatRents('fireworks:https://api.fireworks.ai');
    await refuseRentedElsewhere(testConfig(home, { FIREWORKS_BASE_URL: '' }), 'fireworks');
  });
});

describe('a home whose machines are rented at its sandbox', () => {
  test('may go on there, and nowhere else', async () => {
    const home = await homeThatRents(`sandbox:${SANDBOX}`);
    await refuseRentedElsewhere(testConfig(home), 'sandbox');
    const elsewhere = refuseRentedElsewhere(testConfig(home, { FIREWORKS_BASE_URL: '' }), 'fireworks');
    await expect(elsewhere).rejects.toThrow(`at sandbox:${SANDBOX}`);
  });

  test('is refused to a sandbox that took its place', async () => {
    const home = await homeThatRents('sandbox:another');
    await expect(refuseRentedElsewhere(testConfig(home), 'sandbox')).rejects.toThrow('at sandbox:another');
  });
});

test('a home without machines may go anywhere', async () => {
  const home = mkdtempSync(join(folder, 'home-'));
  await refuseRentedElsewhere(testConfig(home), 'sandbox');
});

test('a home that no file system makes is refused in words', async () => {
  const nowhere = process.platform === 'linux' ? '/proc/nothing/at-all' : join(folder, 'x'.repeat(300));
  await expect(startStack({ config: testConfig(nowhere), platform: 'sandbox' })).rejects.toThrow(
    /pawl’s home .* (cannot be made|cannot be used): .*PAWL_HOME/,
  );
}, 60_000);

test('a home that is a file is refused in words', async () => {
  const home = join(folder, 'a-file');
  writeFileSync(home, '');
  await expect(startStack({ config: testConfig(home), platform: 'sandbox' })).rejects.toThrow(
    `pawl’s home cannot be used: ${home} is no folder. Make it writable, or choose another with PAWL_HOME.`,
  );
});
