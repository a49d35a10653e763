/** Decodes artifacts once: what was opened lately stays in memory, for as long as its folder of artifacts is in use. */
import type { Artifacts } from './artifacts.ts';
import { ByteCache } from './byte-cache.ts';

export function cachedArtifacts<Value>(
  maxBytes: number,
  decode: (bytes: Buffer) => Value | Promise<Value>,
): (artifacts: Artifacts, hash: string) => Promise<Value> {
  const caches = new WeakMap<Artifacts, ByteCache<Value>>();
  return (artifacts, hash) => {
    const cache = caches.get(artifacts) ?? newCache(artifacts);
    caches.set(artifacts, cache);
    return cache.get(hash);
  };

  function newCache(artifacts: Artifacts): ByteCache<Value> {
    return new ByteCache({
      maxBytes,
      load: async (hash) => {
        const bytes = await artifacts.get(hash);
        return { value: await decode(bytes), bytes: bytes.byteLength };
      },
    });
  }
}
