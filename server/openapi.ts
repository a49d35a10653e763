/** The OpenAPI 3.1 document, made of the very schemas that requests are read by and answers are tried against. */
import { z } from 'zod';
import { Evaluation, EvaluationRecord } from './answers/evaluations.ts';
import { Promotion, PromptSet } from './answers/others.ts';
import { CheckpointReport, Event, Experiment, RunSummary, Step } from './answers/runs.ts';
import { KINDS, ProblemBody, type KindName } from './problem.ts';
import { isAction, type Route } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

/** Those that are worth a name wherever they stand. */
const NAMED: Readonly<Record<string, z.ZodType>> = {
  Experiment,
  RunSummary,
  Step,
  CheckpointReport,
  Evaluation,
  EvaluationRecord,
  Event,
  Promotion,
  PromptSet,
  Problem: ProblemBody,
};

export interface DocumentFacts {
  readonly version: string;
  /** Whether every request needs a token. */
  readonly tokens: boolean;
}

export function openApiDocument(routes: readonly Route[], { version, tokens }: DocumentFacts): Json {
  const names = namesOf(routes);
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route, names) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'pawl',
      version,
      description:
        'Durable fine-tuning loops: what runs did, and what they are to do. Every answer that is no success is a problem (RFC 9457).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ topic }) => topic))].map((name) => ({ name })),
    security: tokens ? [{ token: [] }] : [{}, { token: [] }],
    paths,
    components: {
      schemas: components(names),
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'made by `pawl token add`' } },
    },
  };
}

function operation(route: Route, names: Names): Json {
  const { id, topic, summary, detail, role, params, query, body, status = 200 } = route;
  return {
    operationId: id,
    tags: [topic],
    summary,
    description: [...(detail === undefined ? [] : [detail]), `Role: ${role}.`].join(' '),
    'x-role': role,
    parameters: [...parametersOf(params, 'path'), ...parametersOf(query, 'query'), ...headersOf(route)],
    ...(body !== undefined && { requestBody: requestBody(route, names.get(body) ?? '') }),
    responses: {
      [status]: {
        description: 'Done.',
        ...(isRead(route) && { headers: { ETag: { schema: { type: 'string' } } } }),
        content: contentOf(route, names),
      },
      ...(isRead(route) && { 304: { description: 'What was handed out with this ETag still holds.' } }),
      ...Object.fromEntries(problemsOf(route).map((kind) => [KINDS[kind].status, problemAnswer(kind)])),
    },
  };
}

function isRead({ method, stream }: Route): boolean {
  return method === 'GET' && stream !== true;
}

function contentOf({ stream, answer }: Route, names: Names): Json {
  if (stream === true) return { 'text/event-stream': { schema: { type: 'string' } } };
  return { 'application/json': { schema: referTo(names.get(answer) ?? '') } };
}

function requestBody({ bodyForm }: Route, name: string): Json {
  const schema = referTo(name);
  const json = { 'application/json': { schema } };
  if (bodyForm === 'json') return { required: false, content: json };
  // The file as it is: the same fields, and text to who generates a client.
  return { required: true, content: { ...json, 'application/yaml': { schema: { type: 'string' } } } };
}

function parametersOf(schema: z.ZodObject, where: 'path' | 'query'): Json[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([name, field]) => {
    const { description, ...rest } = field as { description?: string };
    return {
      name,
      in: where,
      required: where === 'path' || required.includes(name),
      ...(description !== undefined && { description }),
      schema: rest,
    };
  });
}

export const IDEMPOTENCY_KEY = 'Idempotency-Key';
export const KEY_PATTERN = '^[\\x21-\\x7e]{1,200}$';

function headersOf(route: Route): Json[] {
  if (route.stream === true) {
    const description = 'id of the last event that was read';
    return [{ name: 'Last-Event-ID', in: 'header', required: false, description, schema: { type: 'string' } }];
  }
  if (!isAction(route)) return [];
  return [
    {
      name: IDEMPOTENCY_KEY,
      in: 'header',
      required: false,
      description:
        'Any text of your own, e.g. a UUID: asked again under the same key, the same thing is done once, and answered the same.',
      schema: { type: 'string', pattern: KEY_PATTERN },
    },
  ];
}

/** Those that any request may meet come first. */
function problemsOf(route: Route): KindName[] {
  const kinds: KindName[] = ['invalid-request', 'unauthenticated', 'forbidden', 'misdirected', 'too-many-requests'];
  kinds.push('internal', 'unavailable', 'not-found', 'refused');
  if (route.body !== undefined || isAction(route)) kinds.push('too-large', 'unsupported-type', 'invalid-experiment');
  return kinds;
}

function problemAnswer(kind: KindName): Json {
  const { title, meaning } = KINDS[kind];
  return {
    description: `${title}. ${meaning}`,
    content: { 'application/problem+json': { schema: referTo('Problem') } },
  };
}

type Names = ReadonlyMap<z.ZodType, string>;

/** What several routes answer has one name, after the first of them. */
function namesOf(routes: readonly Route[]): Names {
  const names = new Map(Object.entries(NAMED).map(([name, schema]) => [schema, name]));
  const add = (schema: z.ZodType, name: string): void => {
    if (!names.has(schema)) names.set(schema, name);
  };
  for (const { answer, body, id, stream } of routes) {
    if (stream !== true) add(answer, `${capital(id)}Answer`);
    if (body !== undefined) add(body, `${capital(id)}Request`);
  }
  return names;
}

function components(names: Names): Json {
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of names) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => {
      const fields = Object.entries(schema).filter(([key]) => key !== '$schema' && key !== '$id');
      return [name, Object.fromEntries(fields)];
    }),
  );
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function referTo(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}
