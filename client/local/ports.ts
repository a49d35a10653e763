/** TCP ports on this machine: which are free, and what to say of one that is not. */
import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { UserError } from '../errors.ts';

export const LOOPBACK = '127.0.0.1';

/**
 * Where free ports are looked for: below the range from which systems take ports for outgoing connections and for
 * whoever asks for any. A port from that range could be taken between our look and our use, as Temporal, which asks for
 * several while it starts, has done.
 */
const FREE_PORTS = { from: 10_000, to: 32_000 } as const;
const ATTEMPTS = 100;

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = await listenOnce(randomInt(FREE_PORTS.from, FREE_PORTS.to));
    if (port !== undefined) return port;
  }
  throw new Error(`no free port was found between ${FREE_PORTS.from} and ${FREE_PORTS.to}`);
}

/** The preferred port if it is free, else any other. */
export async function freePortNear(preferred: number): Promise<number> {
  return (await listenOnce(preferred)) ?? freePort();
}

/** Fails, in a person's words, if something listens on the port already. */
export async function requireFreePort(port: number, purpose: string, option: string): Promise<number> {
  if ((await listenOnce(port)) !== undefined) return port;
  throw new UserError(
    `Port ${port}, wanted for ${purpose}, is in use.`,
    `Stop what uses it, or choose another with ${option}.`,
  );
}

/** Whether something accepts connections there, now. */
export function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 });
    const answer = (listening: boolean) => (): void => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('connect', answer(true)).once('error', answer(false)).once('timeout', answer(false));
  });
}

/** The port if it could be listened on, released again; nothing if it is in use or not ours to take. */
function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    });
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => server.close(() => resolve(port)));
  });
}
