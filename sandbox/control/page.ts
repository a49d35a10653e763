/** Lists in pages: `pageToken` is where the last one ended. */
import { z } from 'zod';

export const PageQuery = z.object({
  pageSize: z.coerce.number().int().min(0).max(200).default(50),
  pageToken: z
    .string()
    .regex(/^\d{0,9}$/, 'is not a token of this list')
    .default(''),
});

export function page<Item>(
  all: readonly Item[],
  { pageSize, pageToken }: z.output<typeof PageQuery>,
): { items: readonly Item[]; nextPageToken: string } {
  const start = Number(pageToken);
  const end = start + (pageSize === 0 ? 50 : pageSize);
  return { items: all.slice(start, end), nextPageToken: end < all.length ? String(end) : '' };
}
