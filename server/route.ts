/** What a route is. From one table of them come the server, its OpenAPI document, and the tests of who may do what. */
import { z } from 'zod';
import type { Attempt } from '../client/access/requests.ts';
import type { Role } from '../domain/words/access.ts';
import type { Services } from './services.ts';

/** Who asks, as the record names them. */
export interface Caller {
  readonly role: Role;
  readonly owner: string;
}

interface Asked<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly caller: Caller;
  /** What the ids of whatever is made follow from: the same for the same `Idempotency-Key`. */
  readonly attempt: Attempt;
}

/** How a body is read: as a JSON value, or as the text of a file, which may be YAML or JSON. */
type BodyForm = 'json' | 'text';

export interface RouteFacts {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** As OpenAPI writes it: `/v1/runs/{run}`. */
  readonly path: string;
  /** Operation id. */
  readonly id: string;
  readonly topic: string;
  readonly summary: string;
  readonly detail?: string;
  readonly role: Role;
  readonly status?: 200 | 201 | 202;
  /** Answers with events for as long as somebody listens; `handle` says which. */
  readonly stream?: true;
  /** Changes nothing, although it is sent as something that does. */
  readonly looks?: true;
}

export interface Route extends RouteFacts {
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body?: z.ZodType;
  readonly bodyForm: BodyForm;
  readonly answer: z.ZodType;
  readonly handle: (services: Services, asked: Asked<never, never, never>) => Promise<unknown>;
}

/** What a handler hands out may be readonly. */
export type Immutable<T> = T extends readonly (infer Item)[]
  ? readonly Immutable<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Immutable<T[Key]> }
    : T;

const NONE = z.strictObject({});
type NoFields = typeof NONE;

interface Parts<
  P extends z.ZodObject,
  Q extends z.ZodObject,
  B extends z.ZodType,
  A extends z.ZodType,
  F extends BodyForm,
> {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly bodyForm?: F;
  readonly answer: A;
  readonly handle: (
    services: Services,
    asked: Asked<z.output<P>, z.output<Q>, F extends 'text' ? string : z.output<B>>,
  ) => Promise<Immutable<z.input<A>>>;
}

export function route<
  A extends z.ZodType,
  P extends z.ZodObject = NoFields,
  Q extends z.ZodObject = NoFields,
  B extends z.ZodType = z.ZodUndefined,
  F extends BodyForm = 'json',
>({ params, query, body, bodyForm, ...rest }: RouteFacts & Parts<P, Q, B, A, F>): Route {
  return {
    ...rest,
    params: params ?? NONE,
    query: query ?? NONE,
    ...(body !== undefined && { body }),
    bodyForm: bodyForm ?? 'json',
    handle: rest.handle,
  };
}

/** Changes something, and so may be asked under an `Idempotency-Key`. */
export function isAction({ method, looks }: Pick<Route, 'method' | 'looks'>): boolean {
  return method === 'POST' && looks !== true;
}
