/** Lists as the control plane tells them: filtered, ordered, in pages. */
import { z } from 'zod';
import { invalid } from '../errors.ts';

export const PageQuery = z.object({
  pageSize: z.coerce.number().int().min(0).max(200).default(50),
  /** Where the last page ended. */
  pageToken: z
    .string()
    .regex(/^\d{0,9}$/, 'is not a token of this list')
    .default(''),
  filter: z.string().max(2000).default(''),
  orderBy: z.string().max(200).default(''),
});
type PageQuery = z.output<typeof PageQuery>;

interface Page {
  readonly items: readonly object[];
  readonly nextPageToken: string;
  readonly totalSize: number;
}

/** `all` as clients see them: a filter's and an order's fields are theirs, in snake_case. */
export function page(all: readonly object[], { pageSize, pageToken, filter, orderBy }: PageQuery): Page {
  const matching = ordered(all.filter(matcher(filter)), orderBy);
  const start = Number(pageToken);
  const end = start + (pageSize === 0 ? 50 : pageSize);
  return {
    items: matching.slice(start, end),
    nextPageToken: end < matching.length ? String(end) : '',
    totalSize: matching.length,
  };
}

/** Terms `field="value"` or `field!="value"`, joined by AND. */
function matcher(filter: string): (item: object) => boolean {
  if (filter.trim() === '') return () => true;
  const terms = filter.split(/\s+AND\s+/).map((term) => {
    const [, path, operator, quoted, bare] = /^\s*([\w.]+)\s*(!?=)\s*(?:"([^"]*)"|([\w.:/-]+))\s*$/.exec(term) ?? [];
    if (path === undefined) throw invalid(`filter: "${term.trim()}" is not of the form field="value"`);
    return { path, equal: operator === '=', value: quoted ?? bare ?? '' };
  });
  return (item) => terms.every(({ path, equal, value }) => (textAt(item, path) === value) === equal);
}

/** `field` or `field desc`. */
function ordered(items: readonly object[], orderBy: string): readonly object[] {
  if (orderBy.trim() === '') return items;
  const [, path, direction] = /^\s*([\w.]+)(?:\s+(asc|desc))?\s*$/.exec(orderBy) ?? [];
  if (path === undefined) throw invalid(`orderBy: "${orderBy}" is not a field with an optional "desc"`);
  const sign = direction === 'desc' ? -1 : 1;
  return [...items].sort((a, b) => sign * textAt(a, path).localeCompare(textAt(b, path)));
}

function textAt(item: object, path: string): string {
  let value: unknown = item;
  for (const name of path.split('.')) {
    const key = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const known = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    value = known ? (value as Record<string, unknown>)[key] : undefined;
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? `${value}` : '';
}
