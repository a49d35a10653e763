/** A proxy on loopback that keeps what a client asked, and passes questions and answers on unchanged. */
import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** One request as it came in; the body is absent if there was none. */
export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export class Recorder {
  readonly requests: Recorded[] = [];
  readonly #server: Server;
  readonly #target: URL;

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((incoming, reply) => {
      // The client sees a broken connection, as it would without the proxy.
      this.#pass(incoming, reply).catch(() => reply.destroy());
    });
  }

  static async start(target: string): Promise<Recorder> {
    const recorder = new Recorder(target);
    await new Promise<void>((resolve) => {
      recorder.#server.listen(0, '127.0.0.1', resolve);
    });
    return recorder;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #pass(incoming: IncomingMessage, reply: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method = 'GET', url = '/', headers } = incoming;
    const { pathname, searchParams } = new URL(url, this.#target);
    this.requests.push({
      method,
      path: decodeURIComponent(pathname),
      query: Object.fromEntries(searchParams),
      ...(body.length > 0 && { body: JSON.parse(body.toString()) as unknown }),
    });
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = ask(new URL(url, this.#target), { method, headers }, resolve).once('error', reject);
      reply.once('close', () => outgoing.destroy());
      outgoing.end(body);
    });
    reply.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    await pipeline(answer, reply);
  }
}
