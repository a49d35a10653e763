/** What a request asks, without the values that differ from run to run; and where two clients' requests differ. */
import { TOLERANCE } from './check.ts';
import type { Recorded } from './recorder.ts';

/** `POST /v1/x?a&b {c, d.e}`: path, names in the query, and keys of the body, in order. */
export function signature(request: Recorded): string {
  const query = Object.keys(request.query).toSorted();
  const keys = request.body === undefined ? [] : [...new Set(keysOf(request.body, ''))].toSorted();
  const asked = query.length === 0 ? '' : `?${query.join('&')}`;
  return `${request.method} ${general(request.path)}${asked}${keys.length === 0 ? '' : ` {${keys.join(', ')}}`}`;
}

/** Snapshots carry a suffix that each client draws anew. */
function general(text: string): string {
  return text.replaceAll(/-[0-9a-f]{8}\b/g, '-#');
}

function keysOf(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown) => keysOf(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return path === '' || path.endsWith(']') ? [] : [path];
  const prefix = path === '' ? '' : `${path}.`;
  return Object.entries(value).flatMap(([key, item]) => [`${prefix}${key}`, ...keysOf(item, `${prefix}${key}`)]);
}

/** Requests that carry a sequence number, by trainer and model, in the order of their numbers; repeats left out. */
export function sequences(requests: readonly Recorded[]): Map<string, readonly Recorded[]> {
  const models = new Map<string, Map<number, Recorded>>();
  const indices = new Map<string, number>();
  for (const request of requests) {
    const { seq_id: seq, model_id: model } = (request.body ?? {}) as Record<string, unknown>;
    if (typeof seq !== 'number' || typeof model !== 'string') continue;
    const trainer = request.path.split('/').slice(0, -1).join('/');
    if (!indices.has(model)) {
      indices.set(model, [...models.keys()].filter((key) => key.startsWith(`${trainer}#`)).length);
    }
    const key = `${trainer}#${indices.get(model)}`;
    const numbered = models.get(key) ?? new Map<number, Recorded>();
    models.set(key, numbered.set(seq, request));
  }
  return new Map(
    [...models].map(([key, numbered]) => [
      key,
      [...numbered].toSorted(([a], [b]) => a - b).map(([, request]) => request),
    ]),
  );
}

/** The first place where two requests ask something else; undefined if they ask the same. */
export function difference(left: Recorded | undefined, right: Recorded | undefined): string | undefined {
  if (left === undefined || right === undefined)
    return `${left?.path ?? 'nothing'} against ${right?.path ?? 'nothing'}`;
  if (general(left.path) !== general(right.path)) return `${left.path} against ${right.path}`;
  return valuesDiffer(left.body, right.body, general(left.path));
}

function valuesDiffer(left: unknown, right: unknown, path: string): string | undefined {
  if (path.endsWith('.model_id')) return undefined;
  if (isKeyed(left) && isKeyed(right)) {
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      const found = valuesDiffer(left[key], right[key], `${path}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return sameValue(left, right) ? undefined : `${path}: ${String(left)} against ${String(right)}`;
}

function sameValue(left: unknown, right: unknown): boolean {
  if (typeof left === 'number' && typeof right === 'number') return Math.abs(left - right) <= TOLERANCE;
  if (typeof left === 'string' && typeof right === 'string') return general(left) === general(right);
  return left === right;
}

type Keyed = Readonly<Record<string, unknown>>;

function isKeyed(value: unknown): value is Keyed {
  return typeof value === 'object' && value !== null;
}
