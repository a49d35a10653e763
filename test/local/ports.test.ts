import { describe, expect, test } from '@jest/globals';
import { createServer, type AddressInfo } from 'node:net';
import { freePort, freePortNear, isListening, LOOPBACK, requireFreePort } from '../../client/local/ports.ts';

async function takenPort(): Promise<{ port: number; release: () => Promise<void> }> {
  const server = createServer().listen(0, LOOPBACK);
  await new Promise((resolve) => server.once('listening', resolve));
  const release = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  return { port: (server.address() as AddressInfo).port, release };
}

describe('a port', () => {
  test('that is free is none that the system would give to somebody else meanwhile', async () => {
    const ports = await Promise.all(Array.from({ length: 50 }, freePort));
    const { port: fromSystem, release } = await takenPort();
    await release();
    expect(Math.max(...ports)).toBeLessThan(32_000);
    expect(fromSystem).toBeGreaterThan(32_000);
  });

  test('that is preferred and taken gives way to another', async () => {
    const { port, release } = await takenPort();
    expect(await freePortNear(port)).not.toBe(port);
    await release();
    expect(await freePortNear(port)).toBe(port);
  });

  test('that is demanded and taken is an error', async () => {
    const { port, release } = await takenPort();
    await expect(requireFreePort(port, 'the sandbox', '--sandbox-port')).rejects.toThrow(
      `Port ${port}, wanted for the sandbox, is in use. Stop what uses it, or choose another with --sandbox-port.`,
    );
    await release();
  });

  test('is listened on, or not', async () => {
    const { port, release } = await takenPort();
    expect(await isListening(LOOPBACK, port)).toBe(true);
    await release();
    expect(await isListening(LOOPBACK, port)).toBe(false);
  });
});
