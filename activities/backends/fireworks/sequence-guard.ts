/** Refuses to send past a gap: the trainer executes numbers in order, so what follows a refused one would wait for ever. */
import { BackendError } from '../../../domain/words/failures-of-calls.ts';

export interface SequenceGuard {
  /** Runs `send`, unless an earlier number of this model was refused and not sent again since. */
  admit<T>(modelId: string, seq: number, send: () => Promise<T>): Promise<T>;
}

export function createSequenceGuard(): SequenceGuard {
  const refused = new Map<string, { readonly seq: number; readonly error: BackendError }>();
  return {
    async admit(modelId, seq, send) {
      const gap = refused.get(modelId);
      if (gap !== undefined && seq > gap.seq) {
        throw new BackendError(
          gap.error.type,
          `request ${seq} of model ${modelId} was not sent, because request ${gap.seq} before it failed: ${gap.error.message}`,
          { cause: gap.error },
        );
      }
      try {
        const value = await send();
        if (refused.get(modelId)?.seq === seq) refused.delete(modelId);
        return value;
      } catch (error) {
        const known = refused.get(modelId);
        if (error instanceof BackendError && (known === undefined || seq <= known.seq)) {
          refused.set(modelId, { seq, error });
        }
        throw error;
      }
    },
  };
}
