/** The one door to endpoints that users name, against servers that mean no good. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { postJson, type JsonRequest } from '../../activities/http/post-json.ts';
import { linkedAbort } from '../../activities/http/linked-abort.ts';

let server: Server;
let base: string;
let asked: number;
let answer: RequestListener;

beforeEach(async () => {
  asked = 0;
  server = createServer((request, response) => {
    asked += 1;
    request.resume();
    answer(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

const never = new AbortController().signal;

async function post(options: Partial<JsonRequest> = {}): Promise<unknown> {
  return postJson({ role: 'grader', url: base, body: {}, id: 'one', timeoutMs: 50_000, signal: never, ...options });
}

/** Says what it is given again and again, for as long as anybody reads. */
function pour(response: ServerResponse, piece: Buffer): void {
  const write = (): void => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once('drain', write);
  };
  write();
}

describe('a body', () => {
  test('without an end is given up at its limit', async () => {
    answer = (_request, response) => pour(response, Buffer.alloc(64 * 1024, ' '));
    await expect(post({ maxBytes: 1_000_000 })).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: `grader ${base}/ answered with more than 1000000 bytes`,
    });
    expect(asked).toBe(1);
  });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('compressed as %s is read, and a bomb of it is not', async (encoding, compress) => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(compress('{"score": 1}'));
    };
    expect(await post()).toEqual({ score: 1 });
    const bomb = compress(Buffer.alloc(8 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(100_000);
    answer = (_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(bomb);
    };
    await expect(post()).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringContaining('more than 4194304 bytes'),
    });
  });

  test('in another encoding is refused', async () => {
    answer = (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end('');
    await expect(post()).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringContaining('in an encoding that pawl does not read'),
    });
  });

  test('of a refusal is not waited for', async () => {
    answer = (_request, response) => pour(response.writeHead(404), Buffer.alloc(1024));
    await expect(post()).rejects.toMatchObject({ type: 'InvalidRequest', message: `grader ${base}/ answered 404` });
  });
});

describe('a deadline', () => {
  /** Those of Node 20 that are composed of signals do not survive this. */
  async function underPressure<T>(work: Promise<T>): Promise<T> {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const state = { over: false };
    const done = work.finally(() => (state.over = true));
    done.catch(() => undefined);
    while (!state.over) {
      collect();
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
    return done;
  }

  test.each(['headers', 'body'])(
    'ends an attempt whose %s never come, whatever is collected meanwhile',
    async (what) => {
      const stop = new AbortController();
      answer = (_request, response) => {
        if (what === 'body') response.writeHead(200).write('{');
        // The third attempt is one too many.
        if (asked === 3) stop.abort();
      };
      const all = Array.from({ length: 4 }, () => post({ timeoutMs: 100, signal: stop.signal }));
      const ended = await underPressure(Promise.allSettled(all));
      expect(ended.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected']);
    },
  );

  test('is told, with its length', async () => {
    answer = (_request, response) => {
      if (asked < 4) response.writeHead(503).end();
    };
    await expect(post({ timeoutMs: 300 })).rejects.toMatchObject({
      type: 'Unavailable',
      message: `grader ${base}/ gave no answer within 0.3 s`,
    });
    expect(asked).toBe(4);
  });

  test('is the only one: a grader may think for longer than the client is used to wait', async () => {
    const usual = getGlobalDispatcher();
    const impatient = new Agent({ headersTimeout: 200, bodyTimeout: 200 });
    setGlobalDispatcher(impatient);
    try {
      answer = (_request, response) => {
        setTimeout(() => response.write('{"score":'), 2_500);
        setTimeout(() => response.end('0.5}'), 5_000);
      };
      expect(await post()).toEqual({ score: 0.5 });
      expect(asked).toBe(1);
    } finally {
      setGlobalDispatcher(usual);
      await impatient.close();
    }
  });

  test('of the caller ends a request too', async () => {
    const stop = new AbortController();
    answer = () => stop.abort();
    await expect(post({ signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a linked controller', () => {
  test('ends with the outer signal, for its reason, and not the other way round', () => {
    const outer = new AbortController();
    const [one, other] = [linkedAbort(outer.signal), linkedAbort(outer.signal)];
    one.abort();
    expect([one.signal.aborted, outer.signal.aborted, other.signal.aborted]).toEqual([true, false, false]);
    outer.abort(new Error('over'));
    expect(other.signal.reason).toEqual(new Error('over'));
    expect(linkedAbort(outer.signal).signal.aborted).toBe(true);
  });

  test('that was cleared is left alone', () => {
    const outer = new AbortController();
    const one = linkedAbort(outer.signal);
    one.clear();
    outer.abort();
    expect(one.signal.aborted).toBe(false);
  });
});
