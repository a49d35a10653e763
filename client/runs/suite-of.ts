/** A suite of a run by its name, as an appraisal needs it. */
import type { StoredCheckpoint, StoredRun } from '../../store/index.ts';
import { MAIN_SUITE } from '../../domain/words/names.ts';
import type { AppraisedSuite } from '../../domain/words/serving.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import { UserError } from '../errors.ts';

export function suiteOfRun({ spec: { evaluate }, plan, runId }: StoredRun, name: string): AppraisedSuite {
  if (plan === undefined) throw new UserError(`Run ${runId} was never planned.`, 'Nothing of it can be evaluated.');
  if (name === MAIN_SUITE) return { evaluate, plan };
  const names = (plan.suites ?? []).map((suite) => suite.name);
  if (names.includes(name)) return { evaluate, plan, suite: name };
  throw new UserError(`Run ${runId} has no suite "${name}".`, `It has ${[MAIN_SUITE, ...names].join(', ')}.`);
}

/** What the run itself found for a checkpoint in a suite. */
export function evaluationIn({ evaluation, suites }: StoredCheckpoint, suite: string): Evaluation | undefined {
  return suite === MAIN_SUITE ? evaluation : suites?.find((further) => further.suite === suite);
}
