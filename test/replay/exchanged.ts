/** What a careless change of workflow code does to a bundle. */
import { expect } from '@jest/globals';

/** The bundle, with two activities of a run exchanged. */
export function exchanged(code: string, one: string, other: string): string {
  const proxies = [`${one}: proxied('${one}')`, `${other}: proxied('${other}')`] as const;
  for (const proxy of proxies) expect(code.includes(proxy)).toBe(true);
  return code.replace(proxies[0], `${one}: proxied('${other}')`).replace(proxies[1], `${other}: proxied('${one}')`);
}
