/** One HTTP request of this backend, as data: where it goes, how long it may take, how it is repeated. */
import type { RetryPolicy } from './retry-timing.ts';
import type { Service } from './settings.ts';
import type { Timeout } from './tables.ts';
import { BackendError } from '../../../domain/words/failures-of-calls.ts';

export interface Call {
  readonly service: Service;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: URL;
  /** JSON text, built once: every attempt sends the same bytes. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeout: Timeout;
  readonly retry: RetryPolicy;
  /** Largest reply accepted; default: the table's `replyBytes`. */
  readonly maxBytes?: number;
}

/** Joins a base URL and a resource path; a segment can neither climb out of the path nor end it. */
export function endpoint(base: string, path: string, query: Readonly<Record<string, string>> = {}): URL {
  const segments = path.split('/').map((segment) => {
    if (segment === '' || segment === '.' || segment === '..') {
      throw new BackendError('InvalidRequest', `"${path}" is not a resource name: it has an empty or dotted segment`);
    }
    return encodeURIComponent(segment).replaceAll('%3A', ':');
  });
  const url = new URL(`${base}/${segments.join('/')}`);
  url.search = new URLSearchParams(query).toString();
  return url;
}

/** `POST api.example.com/v1/x`: never the query, which may hold what the user typed. */
export function describeCall(call: Pick<Call, 'method' | 'url'>): string {
  return `${call.method} ${call.url.origin}${call.url.pathname}`;
}
