/** Following over HTTP: fifty readers, a server that is killed under them, and a reader who does not read. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Records } from '../../client/runs/records.ts';
import { RunStore } from '../../client/runs/run-store.ts';
import { follow } from '../../server/live/follow.ts';
import { Tail } from '../../server/live/tail.ts';
import { openStore, type Store } from '../../store/index.ts';
import { temporaryFolder, until } from '../local/support.ts';
import { newRun } from '../store/fixtures.ts';
import { startServer, type ServerProcess } from './server-process.ts';

const home = temporaryFolder();
const RUNS = ['speller-00000001', 'speller-00000002'];
const READERS = 50;
const EVENTS = 120;
const RETRY_MS = 300;

let store: Store;
let server: ServerProcess;

beforeAll(async () => {
  store = await openStore({ path: join(home, 'pawl.db') });
  for (const runId of RUNS) await store.saveRun(newRun(runId));
  server = await startServer(home);
}, 120_000);

afterAll(async () => {
  await server?.kill();
  await store?.close();
});

async function write(from: number, to: number): Promise<void> {
  for (let at = from; at < to; at++) {
    const runId = RUNS[at % 2] ?? '';
    const event = { key: `e${at}`, at: '2026-01-02T03:04:05.000Z', phase: 'train', level: 'info' } as const;
    await store.addEvent(runId, { ...event, message: `event ${at}` });
    if (at % 10 === 0) {
      const subject = { kind: 'run', id: runId } as const;
      await store.announce({ kind: 'run.rewound', subject, ordinal: at, title: `announcement ${at}` });
    }
    if (at % 7 === 0) await sleep(5);
  }
}

/** As an EventSource does: comes back with the last id, wherever the server went meanwhile. */
class Reader {
  readonly heard: string[] = [];
  readonly #query: string;
  readonly #over = new AbortController();
  #lastId: string | undefined;
  begun = 0;
  readonly done: Promise<void>;

  constructor(query: string) {
    this.#query = query;
    this.done = this.#follow();
  }

  stop(): void {
    this.#over.abort();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      const headers = this.#lastId === undefined ? {} : { 'last-event-id': this.#lastId };
      try {
        const response = await fetch(`${server.url}/v1/events${this.#query}`, { headers, signal });
        let text = '';
        for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
          text += Buffer.from(part).toString();
          const blocks = text.split('\n\n');
          text = blocks.pop() ?? '';
          for (const block of blocks) this.#hear(block);
        }
      } catch {
        // The server is gone, or we are.
      }
      await sleep(RETRY_MS);
    }
  }

  #hear(block: string): void {
    const fields = new Map(
      block.split('\n').map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)]),
    );
    const data = JSON.parse(fields.get('data') ?? '{}') as { message?: string; title?: string };
    this.#lastId = fields.get('id') ?? this.#lastId;
    if (fields.get('event') === 'begin') this.begun += 1;
    else this.heard.push(data.message ?? data.title ?? '');
  }
}

test('each of fifty readers is told everything once and in order, over a server that is killed', async () => {
  const everything = Array.from({ length: READERS }, () => new Reader(''));
  const one = new Reader(`?run=${RUNS[1]}`);
  await until(() => [...everything, one].every(({ begun }) => begun > 0));
  await write(0, EVENTS / 3);
  const { port } = server;
  await server.kill();
  // What happens while nobody serves is told afterwards.
  await write(EVENTS / 3, (EVENTS / 3) * 2);
  server = await startServer(home, { port });
  await write((EVENTS / 3) * 2, EVENTS);
  const numbers = Array.from({ length: EVENTS }, (_, at) => at);
  const lines = numbers.map((at) => `event ${at}`);
  const told = numbers.filter((at) => at % 10 === 0).map((at) => `announcement ${at}`);
  await until(() => everything.every(({ heard }) => heard.length >= lines.length + told.length));
  await until(() => one.heard.length >= EVENTS / 2);
  // Whatever is told twice would come now.
  await sleep(600);
  for (const reader of [...everything, one]) reader.stop();
  await Promise.all([...everything, one].map(({ done }) => done));
  for (const { heard, begun } of everything) {
    expect(begun).toBeGreaterThan(1);
    expect(heard.filter((text) => text.startsWith('event'))).toEqual(lines);
    expect(heard.filter((text) => text.startsWith('announcement'))).toEqual(told);
  }
  expect(one.heard.filter((text) => text.startsWith('event'))).toEqual(lines.filter((_, at) => at % 2 === 1));
}, 120_000);

test('for a reader who does not read nothing is read from the store', async () => {
  const seen = new RunStore(join(home, 'pawl.db'));
  const records = new Records(seen);
  let looks = 0;
  const counted = {
    livePlace: () => records.livePlace(),
    toldAfter: (page: Parameters<Records['toldAfter']>[0]) => records.toldAfter(page),
    logAfter: (page: Parameters<Records['logAfter']>[0]) => {
      looks += 1;
      return records.logAfter(page);
    },
  };
  for (let at = 0; at < 600; at++) {
    const event = { key: `more${at}`, at: '2026-01-02T03:04:05.000Z', phase: 'train', level: 'info' } as const;
    await store.addEvent(RUNS[0] ?? '', { ...event, message: `more ${at}` });
  }
  const over = new AbortController();
  const following = { after: { log: 0, told: 0 }, signal: over.signal };
  const tail = new Tail(() => records.livePlace());
  const stream = Readable.from(follow({ records: counted, tail }, following), { highWaterMark: 1 });
  await new Promise((resolve) => stream.once('readable', resolve));
  await sleep(500);
  // Seven pages and more are there; he has the first at most, and the one behind it waits.
  expect(looks).toBeLessThanOrEqual(2);
  let heard = '';
  for await (const part of stream as AsyncIterable<string>) {
    heard += part;
    if (heard.includes('more 599')) break;
  }
  over.abort();
  expect(heard.match(/^event: log$/gm)).toHaveLength(EVENTS + 600);
  await seen.close();
}, 120_000);

test.each(['1', 'x.y', '1.2.3'])('an id that was never told (%s) is refused', async (id) => {
  const response = await fetch(`${server.url}/v1/events`, { headers: { 'last-event-id': id } });
  expect(response.status).toBe(400);
});
