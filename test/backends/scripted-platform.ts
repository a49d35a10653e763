/** A server that speaks the third party's wire as a test scripts it, and records what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createFireworksBackend, type FireworksConfig } from '../../activities/backends/fireworks/index.ts';
import type { RetryPolicy } from '../../activities/backends/fireworks/retry-timing.ts';
import {
  DEFAULT_POLLS,
  DEFAULT_RETRIES,
  type Polls,
  type Retries,
} from '../../activities/backends/fireworks/tables.ts';
import type { Backend } from '../../activities/ports.ts';

export { failureOf } from './failure-of.ts';

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

export interface Server {
  readonly url: string;
  readonly received: Received[];
  /** Requests whose `METHOD path` contains the text. */
  readonly to: (text: string) => Received[];
  /** Parsed bodies of those. */
  readonly bodies: (text: string) => unknown[];
  /** Waits for this before each answer. */
  intercept(before: (body: unknown) => Promise<void>): void;
  close(): Promise<void>;
}

export interface Platform extends Server {
  readonly backend: Backend;
}

/** Same rules as in production, a thousand times faster. */
export const FAST_RETRIES = Object.fromEntries(
  Object.entries(DEFAULT_RETRIES).map(([group, policy]) => [group, hasten(policy)]),
) as unknown as Retries;

function hasten(policy: RetryPolicy): RetryPolicy {
  return policy.map((rule) => ({ ...rule, firstMs: rule.firstMs / 1000, maxMs: rule.maxMs / 1000, hintMaxMs: 0 }));
}

/** Looks again at once; budgets and intervals that a test speaks of are its own. */
const FAST_POLLS: Polls = {
  ...DEFAULT_POLLS,
  ...Object.fromEntries(
    Object.entries(DEFAULT_POLLS).flatMap(([name, poll]) =>
      typeof poll === 'object' ? [[name, { firstMs: 1, maxMs: 2 }]] : [],
    ),
  ),
  resultMinMs: 1,
  heartbeatMs: 5,
};

/** Everything at once, for objects that are built without `startPlatform`. */
export const FAST_SETTINGS: Pick<FireworksConfig, 'retries' | 'polls'> = { retries: FAST_RETRIES, polls: FAST_POLLS };

export async function startPlatform(script: Script, config: Partial<FireworksConfig> = {}): Promise<Platform> {
  const server = await startServer(script);
  const account = 'acme';
  const backend = createFireworksBackend({
    apiKey: API_KEY,
    baseUrl: server.url,
    account,
    ...FAST_SETTINGS,
    ...config,
  });
  return {
    ...server,
    backend,
    async close() {
      const closing = server.close();
      await backend.close();
      await closing;
    },
  };
}

export async function startServer(script: Script): Promise<Server> {
  const received: Received[] = [];
  const counts = new Map<string, number>();
  let before: (body: unknown) => Promise<void> = async () => undefined;
  const server = createServer((request, response) => {
    void (async () => {
      const item = await receive(request);
      received.push(item);
      if (item.text !== '') await before(JSON.parse(item.text));
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
  const to = (text: string): Received[] => received.filter((item) => line(item).includes(text));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    to,
    bodies: (text) => to(text).map((item) => JSON.parse(item.text) as unknown),
    intercept(next) {
      before = next;
    },
    async close() {
      server.closeAllConnections();
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

export function never(): AbortSignal {
  return new AbortController().signal;
}
