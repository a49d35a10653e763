/** Proves before anything is rented that an objective of the user's can be computed, and that its gradient is its loss's. */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { refusedCode, type CodePlace } from '../user-code/code.ts';
import type { RunObjective } from './run-objective.ts';
import type { ObjectiveExample } from './objective.ts';

interface Rehearsal {
  readonly place: CodePlace;
  readonly checkGradient: boolean;
  readonly signal: AbortSignal;
}

/** Two small examples of a kind that every run has: what fails on them would fail in the first step, on rented machines. */
const EXAMPLES: readonly ObjectiveExample[] = [2, 3].map((length) => ({
  targetTokens: Array.from({ length }, (_, index) => index),
  inputs: { weights: Array.from({ length }, (_, index) => (index === 0 ? 0 : 1 / 3)) },
}));
const LOGPROBS = EXAMPLES.map(({ targetTokens }) => targetTokens.map((token) => -0.5 - token / 4));

/** Central differences of float64: their own error is about 1e-10 for a loss of ordinary size. */
const STEP = 1e-5;
/** Of the slope. Losses that compute in float32 differ by some 1e-3 at this step. */
const TOLERANCE = 0.02;
const SMALLEST = 1e-3;

export async function rehearseObjective(objective: RunObjective, rehearsal: Rehearsal): Promise<void> {
  const { place, checkGradient, signal } = rehearsal;
  const first = await evaluated(objective, LOGPROBS, rehearsal);
  if (![first.loss, ...first.gradients.flat()].every(Number.isFinite)) {
    throw refusedCode(place, 'on a small batch its loss or gradient is not a finite number');
  }
  const again = await evaluated(objective, LOGPROBS, rehearsal);
  if (again.loss !== first.loss || again.gradients.flat().some((slope, at) => slope !== first.gradients.flat()[at])) {
    throw refusedCode(
      place,
      `the same batch gave a loss of ${first.loss}, and then ${again.loss}, or other slopes: it must be a pure function, ` +
        'for a retry has to send the same bytes',
    );
  }
  if (!first.ownGradient || !checkGradient) return;
  for (const [example, row] of LOGPROBS.entries()) {
    for (const at of row.keys()) {
      signal.throwIfAborted();
      const above = await evaluated(objective, moved(example, at, STEP), rehearsal);
      const below = await evaluated(objective, moved(example, at, -STEP), rehearsal);
      const slope = (above.loss - below.loss) / (2 * STEP);
      const claimed = first.gradients[example]?.[at] ?? 0;
      if (Math.abs(slope - claimed) <= TOLERANCE * Math.max(Math.abs(slope), Math.abs(claimed), SMALLEST)) continue;
      throw refusedCode(
        place,
        `its gradient is not that of its loss: for target ${at} of example ${example} of a small batch it gives ` +
          `${brief(claimed)}, and the loss changes by ${brief(slope)} per unit of log p. ` +
          'Correct it, or say checkGradient: false where another direction is meant',
      );
    }
  }
}

async function evaluated(
  objective: RunObjective,
  logprobs: readonly (readonly number[])[],
  { place, signal }: Rehearsal,
): ReturnType<RunObjective['evaluate']> {
  try {
    return await objective.evaluate(EXAMPLES, logprobs, signal);
  } catch (cause) {
    // What refuses the file says so itself; what it does wrong is said of a batch.
    if (!(cause instanceof PawlError) || cause.message.startsWith(place.field)) throw cause;
    throw refusedCode(place, `it fails on a small batch: ${cause.message}`, cause);
  }
}

function moved(example: number, at: number, by: number): number[][] {
  return LOGPROBS.map((row, index) =>
    row.map((value, place) => (index === example && place === at ? value + by : value)),
  );
}

function brief(value: number): string {
  return String(Number(value.toPrecision(6)));
}
