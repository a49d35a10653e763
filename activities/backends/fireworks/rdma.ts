/** Weights that go from trainer to deployment by themselves, past every check of this client: refused where it is on. */
import { BackendError } from '../../../domain/words/failures-of-calls.ts';

export function byRdma(what: string): BackendError {
  const remedy = 'have it switched off for the account';
  return new BackendError('InvalidRequest', `${what} by RDMA, which is not supported: ${remedy}`);
}
