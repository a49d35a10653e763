/** Which artifacts something refers to, and what: by every hash that stands in it, so that new fields count too. Pure. */

const HASH = /\b[0-9a-f]{64}\b/g;

/** By hash, the first thing that refers to it. */
export function references(
  sources: readonly { readonly reason: string; readonly content: unknown }[],
): Map<string, string> {
  const found = new Map<string, string>();
  for (const { reason, content } of sources) {
    for (const [hash] of (JSON.stringify(content) ?? '').matchAll(HASH)) if (!found.has(hash)) found.set(hash, reason);
  }
  return found;
}
