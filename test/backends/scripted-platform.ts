/** A server that speaks the third party's wire as a test scripts it, and records what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isNativeError } from 'node:util/types';
import { createFireworksBackend, type FireworksConfig } from '../../activities/backends/fireworks/index.ts';
import type { RetryPolicy } from '../../activities/backends/fireworks/retry-timing.ts';
import { DEFAULT_RETRIES, type Retries } from '../../activities/backends/fireworks/tables.ts';
import type { Backend } from '../../activities/ports.ts';

export const API_KEY = 'fw_SECRET+/=key0123456789';

interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export type Reply =
  | { status?: number; json?: unknown; headers?: Record<string, string> }
  | { status?: number; text: string; headers?: Record<string, string> }
  /** Server-sent events; `cut` ends the connection without closing the stream. */
  | { events: readonly string[]; cut?: boolean }
  /** The connection is reset. */
  | 'reset'
  /** Nothing is ever answered. */
  | 'silence';

/** Replies in order to requests whose `METHOD path` contains the key; the last one is repeated. */
export type Script = Record<string, Reply | readonly Reply[] | ((request: Received, count: number) => Reply)>;

export interface Platform {
  readonly url: string;
  readonly backend: Backend;
  readonly received: Received[];
  /** Requests whose `METHOD path` contains the text. */
  readonly to: (text: string) => Received[];
  /** Parsed bodies of those. */
  readonly bodies: (text: string) => unknown[];
  close(): Promise<void>;
}

/** Same rules as in production, a thousand times faster. */
export const FAST_RETRIES = Object.fromEntries(
  Object.entries(DEFAULT_RETRIES).map(([group, policy]) => [group, hasten(policy)]),
) as unknown as Retries;

function hasten(policy: RetryPolicy): RetryPolicy {
  return policy.map((rule) => ({ ...rule, firstMs: rule.firstMs / 1000, maxMs: rule.maxMs / 1000, hintMaxMs: 0 }));
}

export async function startPlatform(script: Script, config: Partial<FireworksConfig> = {}): Promise<Platform> {
  const received: Received[] = [];
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    void (async () => {
      const item = await receive(request);
      received.push(item);
      const key = Object.keys(script)
        .filter((candidate) => line(item).includes(candidate))
        .sort((a, b) => b.length - a.length)[0];
      const count = counts.get(key ?? '') ?? 0;
      counts.set(key ?? '', count + 1);
      answer(response, next(key === undefined ? undefined : script[key], item, count));
    })();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const backend = createFireworksBackend({
    apiKey: API_KEY,
    baseUrl: url,
    account: 'acme',
    retries: FAST_RETRIES,
    polls: { hotLoad: { firstMs: 1, maxMs: 2 }, manager: { firstMs: 1, maxMs: 2 }, resultMinMs: 1 },
    ...config,
  });
  const to = (text: string): Received[] => received.filter((item) => line(item).includes(text));
  return {
    url,
    backend,
    received,
    to,
    bodies: (text) => to(text).map((item) => JSON.parse(item.text) as unknown),
    async close() {
      server.closeAllConnections();
      await backend.close();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function line(item: Received): string {
  return `${item.method} ${item.path}`;
}

function next(entry: Script[string] | undefined, item: Received, count: number): Reply {
  if (entry === undefined) return { status: 501, json: { message: `nothing scripted for ${line(item)}` } };
  if (typeof entry === 'function') return entry(item, count);
  if (!Array.isArray(entry)) return entry as Reply;
  const replies = entry as readonly Reply[];
  return replies[Math.min(count, replies.length - 1)] ?? 'reset';
}

async function receive(request: IncomingMessage): Promise<Received> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  const url = new URL(request.url ?? '/', 'http://scripted');
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: request.headers,
    text,
  };
}

function answer(response: ServerResponse, reply: Reply): void {
  if (reply === 'silence') return;
  if (reply === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  if ('events' in reply) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of reply.events) response.write(`${event}\n\n`);
    // Let what was written leave before the connection is torn down.
    if (reply.cut === true) setImmediate(() => response.socket?.end());
    else response.end();
    return;
  }
  const text = 'text' in reply ? reply.text : JSON.stringify(reply.json ?? {});
  response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
  response.end(text);
}

/** What a promise was rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    // Node's own errors are of another realm than jest's.
    if (isNativeError(error)) return error;
    throw new TypeError('rejected with something that is not an Error', { cause: error });
  }
  throw new Error('expected a rejection');
}

export function never(): AbortSignal {
  return new AbortController().signal;
}
