import { describe } from '@jest/globals';
import { createFireworksBackend } from '../../activities/backends/fireworks/index.ts';
import { NANO_SHAPE, Sandbox } from '../sandbox/harness.ts';
import { runTest } from './contract.ts';

describe('the Fireworks backend against the sandbox', () => {
  runTest({
    newBackend: async () => {
      const sandbox = await Sandbox.start();
      return {
        shape: NANO_SHAPE,
        connect: () => createFireworksBackend({ apiKey: 'any-key', baseUrl: sandbox.url }),
        close: async () => sandbox.close(),
      };
    },
  });
});
