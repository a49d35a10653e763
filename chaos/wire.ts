/** A loopback proxy between one worker and the sandbox: the network of the experiment, and what can go wrong on it. */
import {
  Agent,
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One request on its way. */
export interface Exchange {
  /** Of which worker. */
  readonly worker: string;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What becomes of one request; nothing said: it passes. */
export interface Fate {
  readonly delayMs?: number;
  /** Awaited before the request goes on; `deliver: false` then leaves it undelivered. */
  readonly before?: () => Promise<void>;
  readonly deliver?: boolean;
  /** Awaited once the answer is complete at the proxy, before the worker sees any of it. */
  readonly after?: (answer: Answer) => Promise<void>;
  /** What the worker is told instead. */
  readonly rewrite?: (answer: Answer) => Answer;
  readonly reply?: 'whole' | 'torn' | 'lost';
}

export interface WireOptions {
  readonly worker: string;
  readonly sandboxUrl: string;
  /** Asked once for each request. */
  readonly fate: (exchange: Exchange) => Fate;
}

/** Complete, as the sandbox gave it. */
export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

export class Wire {
  readonly #options: WireOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #cut = false;

  private constructor(options: WireOptions) {
    this.#options = options;
    this.#server = createServer((incoming, outgoing) => {
      this.#pass(incoming, outgoing).catch(() => incoming.socket.destroy());
    });
    // Idle connections are the worker's to close: one that closes under a request would be a fault of our own making.
    this.#server.keepAliveTimeout = 0;
    this.#server.requestTimeout = 0;
    this.#server.on('connection', (socket) => this.#connected(socket));
  }

  static async open(options: WireOptions): Promise<Wire> {
    const wire = new Wire(options);
    await new Promise<void>((resolve, reject) => {
      wire.#server.once('error', reject);
      wire.#server.listen(0, '127.0.0.1', () => resolve());
    });
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends every connection and accepts none until it is mended; what the sandbox has already been given, it does. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#cut = false;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => {
      this.#server.close(resolve);
    });
    for (const socket of this.#sockets) socket.destroy();
    this.#agent.destroy();
    await closed;
  }

  #connected(socket: Socket): void {
    if (this.#cut) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // A killed worker resets its connections.
    socket.on('error', () => undefined);
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bytesOf(incoming);
    const { method = 'GET', url: path = '/' } = incoming;
    const { headers } = incoming;
    const fate = this.#options.fate({ worker: this.#options.worker, method, path, headers, body });
    if (fate.delayMs !== undefined) await sleep(fate.delayMs);
    await fate.before?.();
    if (fate.deliver === false) {
      incoming.socket.destroy();
      return;
    }
    const answer = await this.#forward(incoming, body, isHeld(fate) ? undefined : outgoing);
    if (answer === undefined) return;
    await fate.after?.(answer);
    if (fate.reply === 'lost') incoming.socket.destroy();
    else deliver(fate.rewrite?.(answer) ?? answer, outgoing, fate.reply === 'torn');
  }

  /** Hands the answer on as it comes, or keeps it back whole. */
  #forward(incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse | undefined): Promise<Answer | undefined> {
    const { method, url, headers } = incoming;
    return new Promise((resolve, reject) => {
      const upstream = request(
        new URL(url ?? '/', this.#options.sandboxUrl),
        { method, headers, agent: this.#agent },
        (response) => {
          response.on('error', reject);
          const status = response.statusCode ?? 502;
          if (outgoing === undefined) {
            bytesOf(response).then((bytes) => resolve({ status, headers: response.headers, body: bytes }), reject);
            return;
          }
          outgoing.writeHead(status, response.headers);
          response.pipe(outgoing);
          response.once('end', () => resolve(undefined));
        },
      );
      upstream.on('error', reject);
      // The worker has gone: nobody reads the rest.
      outgoing?.once('close', () => upstream.destroy());
      upstream.end(body);
    });
  }
}

/** The answer must be whole at the proxy before the worker sees any of it. */
function isHeld({ after, rewrite, reply = 'whole' }: Fate): boolean {
  return after !== undefined || rewrite !== undefined || reply !== 'whole';
}

function deliver({ status, headers, body }: Answer, outgoing: ServerResponse, torn: boolean): void {
  const { 'transfer-encoding': _, ...rest } = headers;
  outgoing.writeHead(status, { ...rest, 'content-length': body.length });
  if (!torn) {
    outgoing.end(body);
    return;
  }
  outgoing.write(body.subarray(0, Math.floor(body.length / 2)), () => outgoing.socket?.destroy());
}

async function bytesOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
