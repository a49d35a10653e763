/**
 * A store that nobody is held up by who was told to stop: a verb that waits for a locked or lost store is left alone once
 * the activity is cancelled. It may be done all the same; every one is keyed.
 */
import { signal } from './guard.ts';

/** For use within activities. */
export function cancellable<Verbs extends object>(verbs: Verbs): Verbs {
  return new Proxy(verbs, {
    get(target, name, receiver): unknown {
      const verb: unknown = Reflect.get(target, name, receiver);
      if (typeof verb !== 'function') return verb;
      return (...args: readonly unknown[]): unknown => untilCancelled(Reflect.apply(verb, target, [...args]), signal());
    },
  });
}

function untilCancelled(result: unknown, until: AbortSignal): unknown {
  if (!(result instanceof Promise)) return result;
  return new Promise((resolve, reject) => {
    const left = (): void => reject(until.reason instanceof Error ? until.reason : new Error('cancelled'));
    if (until.aborted) left();
    until.addEventListener('abort', left, { once: true });
    result.then(resolve, reject).finally(() => until.removeEventListener('abort', left));
  });
}
