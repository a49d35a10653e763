/** What a store is told by, where its whole id is too long: eight hex digits of its hash. */
import { createHash } from 'node:crypto';

export function storeMark(storeId: string): string {
  return createHash('sha256').update(storeId).digest('hex').slice(0, 8);
}
