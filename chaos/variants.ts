/** The ways in which a platform may legally answer, each as flags of the sandbox: a run must end alike in all of them. */

export const VARIANTS = {
  /** As lenient and as talkative as the vendor's own recipes need it. */
  default: [],
  /** A backward pass tells its loss, and no output at all. */
  'no-backward-outputs': ['--backward-logprobs', 'off'],
  /** A backward pass tells its loss, and outputs that say nothing. */
  'empty-backward-outputs': ['--backward-logprobs', 'empty'],
  /** A forward pass tells log-probabilities, and not its loss. */
  'no-forward-metrics': ['--forward-metrics', 'off'],
  /** A resumable state is kept under another name than was asked for. */
  'renamed-states': ['--rename-states'],
  /** A name is taken once, and only inputs that a loss knows. */
  strict: ['--strict-names', '--strict-inputs'],
  /** All that may be left out is left out, and all that may be renamed is renamed. */
  taciturn: ['--backward-logprobs', 'off', '--forward-metrics', 'off', '--rename-states', '--strict-names'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type Variant = keyof typeof VARIANTS;

export const VARIANT_NAMES = Object.keys(VARIANTS) as readonly Variant[];
