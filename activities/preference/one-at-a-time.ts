/** Work that several runs want and whose outcome serves them all: one does it, the others wait for it, or for its death. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Claim } from '../../store/rows/claim-records.ts';
import type { Store } from '../../store/index.ts';

/** Whoever is at it and says nothing for so long is dead, or as good as. */
const CLAIM_MS = 30_000;
const RENEW_MS = 5_000;
const LOOK_MS = 500;

/**
 * What is there already, or what `work` makes of it once nobody else is at it; not `mine`: somebody else made it. A claim
 * spares work and nothing else: done twice, it would be the same.
 */
export async function oneAtATime<T>(
  store: Pick<Store, 'claim' | 'unclaim'>,
  claim: Claim,
  { there, work, signal }: { there: () => Promise<T | undefined>; work: () => Promise<T>; signal: AbortSignal },
): Promise<{ readonly value: T; readonly mine: boolean }> {
  for (;;) {
    const mine = await store.claim(claim, CLAIM_MS);
    try {
      // Only now: whoever had the claim may have come to the end since.
      const found = await there();
      if (found !== undefined) return { value: found, mine: false };
      if (mine) return { value: await renewing(store, claim, work), mine };
    } finally {
      // Where that fails, the claim runs out.
      if (mine) await store.unclaim(claim).catch(() => undefined);
    }
    await sleep(LOOK_MS, undefined, { signal });
  }
}

async function renewing<T>(store: Pick<Store, 'claim'>, claim: Claim, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => {
    store.claim(claim, CLAIM_MS).catch(() => undefined);
  }, RENEW_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
