/** Lists of the control plane, page after page. */
import type { z } from 'zod';
import { controlCall } from './control-call.ts';
import type { Wire } from './wire.ts';

const PAGE_SIZE = 200;

export async function* pages<T extends { readonly nextPageToken: string }>(
  { settings, http }: Wire,
  path: string,
  query: Readonly<Record<string, string>>,
  schema: z.ZodType<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  let pageToken = '';
  do {
    const page = await http.send(
      controlCall(settings, 'GET', path, {
        query: { ...query, pageSize: String(PAGE_SIZE), ...(pageToken === '' ? {} : { pageToken }) },
      }),
      schema,
      signal,
    );
    yield page;
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
}
