/** Which evaluations a policy judges, and which of them is the best. */
import type { CheckpointReport } from '../words/run.ts';
import type { Evaluation } from '../words/evaluation.ts';
import type { RunSpec } from '../spec/spec.ts';
import type { Checkpoint } from '../words/checkpoint.ts';
import { MAIN_SUITE, VALIDATION_LOSS, VALIDATION_METRIC } from '../words/names.ts';

type Policy = RunSpec['policy'];

/** Evaluations of the suite that the policy judges, in the order of the checkpoints. */
export function judgedEvaluations(
  { suite = MAIN_SUITE }: Pick<Policy, 'suite'>,
  reports: readonly CheckpointReport[],
): Evaluation[] {
  return reports.flatMap(({ checkpoint, evaluation, suites = [] }) => {
    if (suite === VALIDATION_LOSS) return evaluation === undefined ? [] : lossAsEvaluation(checkpoint);
    const judged = suite === MAIN_SUITE ? evaluation : suites.find((further) => further.suite === suite);
    return judged === undefined ? [] : [judged];
  });
}

/** Of a checkpoint that was proved: the loss of the same rows each time, which no chance of prompts is part of. */
function lossAsEvaluation({ name, step, identity, validation }: Checkpoint): Evaluation[] {
  if (validation === undefined) return [];
  const { loss, rows } = validation;
  const exact = { score: loss, low: loss, high: loss, samples: rows, missing: 0 };
  const what = { promptSet: '', metric: VALIDATION_METRIC, suite: VALIDATION_LOSS };
  return [{ id: `${name}/${VALIDATION_LOSS}`, checkpoint: name, step, identity, ...what, ...exact }];
}

/** How much better `candidate` is than `reference`; negative when worse. */
export function gain(direction: Policy['direction'], reference: number, candidate: number): number {
  return direction === 'maximize' ? candidate - reference : reference - candidate;
}

/** The evaluation with the best score, the earliest of equals. */
export function best(direction: Policy['direction'], evaluations: readonly Evaluation[]): Evaluation | undefined {
  return evaluations.reduce<Evaluation | undefined>(
    (winner, candidate) =>
      winner === undefined || gain(direction, winner.score, candidate.score) > 0 ? candidate : winner,
    undefined,
  );
}

/** Where branches begin: the name of the best checkpoint so far; none before anything was evaluated. */
export function branchPoint({ direction }: Policy, evaluations: readonly Evaluation[]): string | undefined {
  return best(direction, evaluations)?.checkpoint;
}
