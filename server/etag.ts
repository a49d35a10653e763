/** What an answer is known by: as long as it is the same, it need not be sent again. */
import { createHash } from 'node:crypto';

export function tagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
}

/** `If-None-Match` as RFC 9110 has it: a list, or `*`; weak tags compare as strong ones do. */
export function isKnown(tag: string, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return ifNoneMatch.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
