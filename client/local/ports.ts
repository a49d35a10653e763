/** TCP ports on this machine: which are free, and what to say of one that is not. */
import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { messageOf, UserError } from '../errors.ts';

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

/** A port that a person asks for; absent: the customary one if it is free, else any; `any`: not even that. */
export type AskedPort = number | 'any' | undefined;

export interface PortChoice {
  readonly customary: number;
  readonly purpose: string;
  /** By which another one is asked for. */
  readonly option: string;
}

/** Fails, in a person's words, if something listens already on the port that was asked for. */
export async function choosePort(asked: AskedPort, { customary, purpose, option }: PortChoice): Promise<number> {
  if (asked === 'any') return freePort();
  const free = await listenOnce(asked ?? customary);
  if (free !== undefined) return free;
  if (asked === undefined) return freePort();
  throw new UserError(
    `Port ${asked}, wanted for ${purpose}, is in use.`,
    `Stop what uses it, or choose another with ${option}.`,
  );
}

const STARTS = 3;
const TAKEN = /EADDRINUSE|address already in use/i;

/** Starts what listens on ports that are free by our look; where somebody else was quicker, we look again. */
export async function onFreePorts<Ports, Started>(
  look: () => Promise<Ports>,
  start: (ports: Ports) => Promise<Started>,
): Promise<Started> {
  for (let left = STARTS; ; left--) {
    const ports = await look();
    try {
      return await start(ports);
    } catch (error) {
      if (left <= 1 || !TAKEN.test(messageOf(error))) throw error;
    }
  }
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
