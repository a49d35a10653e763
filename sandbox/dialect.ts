/**
 * How this platform speaks where the real one may do so in several ways: by default as lenient, and as talkative, as its
 * own recipes need it; each option makes one thing stricter, or says less.
 */
import { createHash } from 'node:crypto';

export interface Dialect {
  /** A checkpoint's name is taken once; otherwise what is saved again under it replaces it. */
  readonly strictNames: boolean;
  /** A loss's inputs are those it knows, all of them there, and weights are float32. */
  readonly strictInputs: boolean;
  /** `off`: a backward pass tells no log-probabilities per token, and has no outputs at all; `empty`: empty ones. */
  readonly backwardLogprobs: 'on' | 'off' | 'empty';
  /** Off: a forward pass tells no metrics, and so no `loss:sum`. */
  readonly forwardMetrics: boolean;
  /** A resumable state is kept under another name than was asked for: the one that is answered counts. */
  readonly renameStates: boolean;
  /** What an update without a gradient does: nobody knows of the real one. */
  readonly emptyStep: 'refuse' | 'apply';
}

/** The name that a state asked for as `name` is kept under: always the same, and never `name` itself. */
export function renamedState(name: string): string {
  const mark = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `kept-${name.slice(0, 48)}-${mark}`;
}
