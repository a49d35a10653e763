import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { choosePort, freePort, isListening, LOOPBACK, onFreePorts } from '../../client/local/ports.ts';

const SANDBOX = { purpose: 'the sandbox', option: '--sandbox-port' };

async function takenPort(wanted = 0): Promise<{ port: number; release: () => Promise<void> }> {
  const server = createServer().listen(wanted, LOOPBACK);
  await once(server, 'listening');
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

  test('that is customary and taken gives way to another', async () => {
    const { port, release } = await takenPort();
    const choice = { ...SANDBOX, customary: port };
    expect(await choosePort(undefined, choice)).not.toBe(port);
    await release();
    expect(await choosePort(undefined, choice)).toBe(port);
    expect(await choosePort('any', choice)).not.toBe(port);
  });

  test('that is demanded and taken is an error', async () => {
    const { port, release } = await takenPort();
    await expect(choosePort(port, { ...SANDBOX, customary: 7480 })).rejects.toThrow(
      `Port ${port}, wanted for the sandbox, is in use. Stop what uses it, or choose another with --sandbox-port.`,
    );
    await release();
    expect(await choosePort(port, { ...SANDBOX, customary: 7480 })).toBe(port);
  });

  test('that somebody takes between the look and the start is looked for again, and not for ever', async () => {
    const { port: taken, release } = await takenPort();
    const free = await freePort();
    const looks = [taken, taken, free];
    const started = await onFreePorts(async () => looks.shift() ?? taken, takenPort);
    expect([started.port, looks]).toEqual([free, []]);
    await started.release();
    await expect(onFreePorts(async () => taken, takenPort)).rejects.toThrow('EADDRINUSE');
    await release();
  });

  test('is not looked for again where the start fails of something else', async () => {
    let starts = 0;
    const broken = async (): Promise<never> => {
      starts += 1;
      throw new Error('no such program');
    };
    await expect(onFreePorts(freePort, broken)).rejects.toThrow('no such program');
    expect(starts).toBe(1);
  });

  test('is listened on, or not', async () => {
    const { port, release } = await takenPort();
    expect(await isListening(LOOPBACK, port)).toBe(true);
    await release();
    expect(await isListening(LOOPBACK, port)).toBe(false);
  });
});
