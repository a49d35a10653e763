/** The objective of a run as its steps know it, wherever it is computed. */
import type { ObjectiveExample, ObjectiveResult } from './objective.ts';

export interface RunObjective {
  readonly name: string;
  evaluate(
    examples: readonly ObjectiveExample[],
    logprobs: readonly (readonly number[])[],
    signal: AbortSignal,
  ): Promise<ObjectiveResult & { /** The gradient is the user's claim. */ readonly ownGradient: boolean }>;
}
