/** The API over real HTTP, for its tests: every answer is held against what the OpenAPI document says of it. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from '@jest/globals';
import { pino } from 'pino';
import { createApp } from '../../server/app.ts';
import { identify } from '../../server/identify.ts';
import { ownNames } from '../../server/guard.ts';
import { Tail } from '../../server/live/tail.ts';
import { storeFile } from '../../client/runs/run-store.ts';
import { Runs } from '../../client/runs/runs.ts';
import { testConfig } from '../local/support.ts';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

type Operation = Record<string, unknown> & { responses: Record<string, { content?: Record<string, unknown> }> };

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface Api {
  readonly url: string;
  readonly document: Document;
  /** Any request; fails where the document does not foresee the answer. */
  call(method: string, path: string, init?: { headers?: Record<string, string>; body?: string }): Promise<Answer>;
  /** A read that must succeed. */
  get<T>(path: string): Promise<T>;
  close(): Promise<void>;
}

export async function openApi(
  home: string,
  place: { temporalAddress?: string; taskQueue?: string; tokens?: boolean } = {},
): Promise<Api> {
  const config = testConfig(home);
  const { temporalAddress, taskQueue = 'pawl', tokens = false } = place;
  const runs = new Runs({
    ...(temporalAddress !== undefined && { temporalAddress }),
    temporalNamespace: 'default',
    taskQueue,
    storePath: storeFile(home),
  });
  const app = await createApp({
    services: { config, runs, tail: new Tail(() => runs.records.livePlace()) },
    version: '0.0.0',
    log: pino({ level: 'silent' }),
    names: ownNames('127.0.0.1', []),
    identify: ({ authorization }) =>
      identify({ tokens: runs.tokens, ...(!tokens && { open: { role: 'admin', owner: 'tester' } }) }, authorization),
    tokens,
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return connectApi(url, async () => {
    await app.close();
    await runs.close();
  });
}

async function connectApi(url: string, close: () => Promise<void>): Promise<Api> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
  const check = checker(document);
  const call: Api['call'] = async (method, path, { headers = {}, body } = {}) => {
    const response = await fetch(`${url}${path}`, { method, headers, ...(body !== undefined && { body }) });
    const text = await response.text();
    const type = response.headers.get('content-type')?.split(';', 1)[0] ?? '';
    const value: unknown = text === '' || !type.endsWith('json') ? text : JSON.parse(text);
    check(method, path, { status: response.status, type, value });
    return { status: response.status, headers: response.headers, body: value };
  };
  return {
    url,
    document,
    call,
    async get<T>(path: string) {
      const { status, body } = await call('GET', path);
      expect({ path, status, body }).toMatchObject({ status: 200 });
      return body as T;
    },
    close,
  };
}

/** What an operation may answer is what its document says, to the letter. */
function checker(document: Document) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document, 'document');
  const made = new Map<string, ValidateFunction>();
  const schemaAt = (pointer: string): ValidateFunction => {
    const known = made.get(pointer) ?? ajv.compile({ $ref: `document#${pointer}` });
    made.set(pointer, known);
    return known;
  };
  return (method: string, path: string, answer: { status: number; type: string; value: unknown }): void => {
    const [address = ''] = path.split('?', 1);
    const name = pathOf(document, address);
    const operation = name === undefined ? undefined : document.paths[name]?.[method.toLowerCase()];
    const said = operation?.responses[String(answer.status)];
    if (answer.status === 304) return;
    const validate =
      said === undefined
        ? schemaAt('/components/schemas/Problem')
        : schemaAt(
            [
              '',
              'paths',
              name ?? '',
              method.toLowerCase(),
              'responses',
              answer.status,
              'content',
              answer.type,
              'schema',
            ]
              .map((part) => encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1')))
              .join('/'),
          );
    const undocumented = operation !== undefined && said === undefined && answer.status !== 405;
    const fits = validate(answer.value);
    expect({
      method,
      path,
      undocumented,
      faults: fits ? [] : validate.errors,
      answer: fits ? undefined : answer.value,
    }).toEqual({ method, path, undocumented: false, faults: [], answer: undefined });
  };
}

/** The longest template that the address fits; a fixed address before one with a name in it. */
function pathOf({ paths }: Document, address: string): string | undefined {
  const fitting = Object.keys(paths).filter((path) =>
    new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(address),
  );
  return fitting.sort((one, other) => Number(one.includes('{')) - Number(other.includes('{')))[0];
}
