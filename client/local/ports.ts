/** TCP ports on this machine: which are free, and what to say of one that is not. */
import { connect, createServer } from 'node:net';
import { UserError } from '../errors.ts';

export const LOOPBACK = '127.0.0.1';

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
  const port = await listenOnce(0);
  if (port === undefined) throw new Error('this machine has no free port');
  return port;
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

/** The port that could be listened on, released again; nothing if it is in use or not ours to take. */
function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    });
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}
