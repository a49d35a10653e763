import { describe, expect, test } from '@jest/globals';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../client/config.ts';

describe('the environment', () => {
  test('may be empty', () => {
    expect(readConfig({})).toMatchObject({
      home: join(homedir(), '.pawl'),
      temporalNamespace: 'default',
      taskQueue: 'pawl',
      color: true,
      platform: {},
    });
    expect(readConfig({})).not.toHaveProperty('temporalAddress');
  });

  test('is unset where it is empty', () => {
    expect(readConfig({ TEMPORAL_ADDRESS: '', NO_COLOR: '', FIREWORKS_API_KEY: '' })).toEqual(readConfig({}));
  });

  test('is refused with the name of every bad variable, and no value', () => {
    const bad = { TEMPORAL_ADDRESS: 'https://temporal', FIREWORKS_BASE_URL: 'ftp://x', FIREWORKS_API_KEY: 'se cret' };
    expect(() => readConfig(bad)).toThrow(
      /^Bad environment: TEMPORAL_ADDRESS must be host:port.*; FIREWORKS_API_KEY .*; FIREWORKS_BASE_URL .*\. Correct or unset/,
    );
    expect(() => readConfig(bad)).not.toThrow(/se cret/);
  });

  test.each(['127.0.0.1:7233', 'temporal:7233', '[::1]:7233'])('takes the address %p', (address) => {
    expect(readConfig({ TEMPORAL_ADDRESS: address }).temporalAddress).toBe(address);
  });

  test('hands the platform’s variables to nobody but who asks for them', () => {
    const config = readConfig({
      PATH: '/bin',
      FIREWORKS_API_KEY: 'key',
      FIREWORKS_INFERENCE_URL: 'http://127.0.0.1:1',
    });
    expect(config.inherited).toEqual({ PATH: '/bin' });
    expect(config.platform).toEqual({ FIREWORKS_API_KEY: 'key', FIREWORKS_INFERENCE_URL: 'http://127.0.0.1:1' });
  });
});
