/** Stored trials as the facts of a decision: as they stood before it, whenever it is asked for. */
import type { Trial, TrialScore } from '../../domain/words/sweep.ts';
import type { JudgedScore, StoredTrial } from './sweep-records.ts';

/** What was decided before `order`; what came later is not known yet. */
export function factsBefore(trials: readonly StoredTrial[], order: number): Trial[] {
  return trials
    .filter(({ proposedOrder }) => proposedOrder < order)
    .map((trial) => {
      const over = trial.endedOrder !== undefined && trial.endedOrder < order;
      const scores = trial.scores.filter((score) => score.order < order).map(toTrialScore);
      const { number, planned } = trial;
      return { number, parameters: planned.parameters, state: over ? trial.state : 'running', scores };
    });
}

export function toTrialScore({ step, score, low, high, prompts, order }: JudgedScore): TrialScore {
  return {
    step,
    value: score,
    order,
    ...(Number.isFinite(low) && Number.isFinite(high) && { low, high }),
    ...(prompts !== undefined && { n: prompts }),
  };
}
