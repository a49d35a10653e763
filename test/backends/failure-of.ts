/** What a promise was rejected with. */
import { isNativeError } from 'node:util/types';

export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    // Node's own errors are of another realm than jest's.
    if (isNativeError(error)) return error;
    throw new TypeError('rejected with something that is not an Error', { cause: error });
  }
  throw new Error('expected a rejection');
}
