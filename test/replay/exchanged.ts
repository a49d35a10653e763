/** What changes of workflow code do to a bundle: a careless one, and one that later code may make. */
import { expect } from '@jest/globals';

/** The bundle, with two activities of a run exchanged. */
export function exchanged(code: string, one: string, other: string): string {
  const proxies = [`${one}: proxied('${one}')`, `${other}: proxied('${other}')`] as const;
  for (const proxy of proxies) expect(code.includes(proxy)).toBe(true);
  return code.replace(proxies[0], `${one}: proxied('${other}')`).replace(proxies[1], `${other}: proxied('${one}')`);
}

/**
 * The bundle, with a loop that asks for something more before each proof: under `patched`, as the rule for changes wants
 * it, or just so.
 */
export function asksMore(code: string, { under }: { under: 'patched' | 'nothing' }): string {
  const beginning = 'async function startProof(live, checkpoint, wanted) {';
  const activities = /_activities_js__WEBPACK_IMPORTED_MODULE_\d+__(?=\.activities\.proofRuns)/.exec(code)?.[0];
  const proofs = code.slice(0, code.indexOf(beginning));
  const temporal = proofs
    .match(/_temporalio_workflow__WEBPACK_IMPORTED_MODULE_\d+__(?= = __webpack_require__)/g)
    ?.at(-1);
  expect([activities, temporal, code.includes(beginning)]).toEqual([expect.any(String), expect.any(String), true]);
  const call = `await ${activities}.activities.proofRuns({ workflowId: 'asked-first' });`;
  const guarded = under === 'patched' ? `if ((0,${temporal}.patched)('asks-first')) ${call}` : call;
  return code.replace(beginning, `${beginning}\n    ${guarded}`);
}
