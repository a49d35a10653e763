/** When a delivery that failed is tried again, and when it is given up. Pure. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Soon at first, for whoever restarts; then ever more rarely. The last one stays. */
const DELAYS_MS = [SECOND, 5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR];
const LAST_MS = 8 * HOUR;

/** Longer than a weekend. */
const GIVEN_UP_MS = 96 * HOUR;

/** Undefined: it is given up. `attempts` counts those that failed; `spread` is drawn from 0 to 1. */
export function retryAtMs(
  { attempts, firstMs, nowMs }: { readonly attempts: number; readonly firstMs: number; readonly nowMs: number },
  { hintMs = 0, spread }: { readonly hintMs?: number; readonly spread: number },
): number | undefined {
  if (nowMs - firstMs >= GIVEN_UP_MS) return undefined;
  const delayMs = DELAYS_MS[attempts - 1] ?? LAST_MS;
  // Many that failed together do not come back together.
  return nowMs + Math.max(delayMs * (1 + 0.2 * spread), Math.min(hintMs, LAST_MS));
}
