/** What the schema cannot see of a policy: it must fit the suite that it judges, and its rules each other. */
import { isLikelihood } from '../../domain/spec/grader-spec.ts';
import { MAIN_SUITE, VALIDATION_LOSS } from '../../domain/words/names.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { SuiteSpec } from '../../domain/spec/suite-spec.ts';
import type { Problem } from './problems.ts';

export function policyProblems({ policy, evaluate, data }: RunSpec): Problem[] {
  const { suite = MAIN_SUITE } = policy;
  if (suite === VALIDATION_LOSS) return lossProblems({ policy, evaluate, data });
  const judged = suite === MAIN_SUITE ? evaluate : evaluate.suites?.[suite];
  if (judged === undefined) return [unknownSuite(suite, evaluate)];
  const place = suite === MAIN_SUITE ? 'evaluate' : `evaluate.suites.${suite}`;
  return [
    ...targetProblems(policy),
    ...entropyProblems(policy, judged, place),
    ...settleProblems(policy, judged, place),
  ];
}

/** A loss is told where rows are held out, is the better the lower it is, and knows no prompts. */
function lossProblems({ policy, evaluate, data }: Pick<RunSpec, 'policy' | 'evaluate' | 'data'>): Problem[] {
  const problems: Problem[] = [];
  if (data.holdout === undefined && evaluate.loss === undefined) {
    const message = 'no validation loss is told. Add data.holdout, e.g. 0.02, or evaluate.loss.';
    problems.push({ path: ['policy', 'suite'], message });
  }
  if (policy.direction !== 'minimize') {
    const message = 'a loss is the better the lower it is. Write direction: minimize.';
    problems.push({ path: ['policy', 'direction'], message });
  }
  for (const field of ['settle', 'minEntropy'] as const) {
    if (policy[field] === undefined || policy[field] === false) continue;
    problems.push({ path: ['policy', field], message: 'belongs to a suite, which draws answers. Leave it out.' });
  }
  return problems;
}

function unknownSuite(suite: string, { suites = {} }: RunSpec['evaluate']): Problem {
  const known = [MAIN_SUITE, ...Object.keys(suites)].join(', ');
  return {
    path: ['policy', 'suite'],
    message: `there is no suite "${suite}" in evaluate.suites. Name one of ${known}; or ${VALIDATION_LOSS}.`,
  };
}

function targetProblems({ target }: RunSpec['policy']): Problem[] {
  if (target === undefined || (target >= 0 && target <= 1)) return [];
  const fraction = target > 1 && target <= 100 ? ` For ${target} % write ${target / 100}.` : '';
  return [{ path: ['policy', 'target'], message: `scores run from 0 to 1, got ${target}.${fraction}` }];
}

/** Without chance the likeliest token is drawn every time, and such answers say nothing about the others. */
function entropyProblems({ minEntropy }: RunSpec['policy'], suite: SuiteSpec, place: string): Problem[] {
  if (minEntropy === undefined) return [];
  const path = ['policy', 'minEntropy'];
  if (isLikelihood(suite.grader)) {
    return [{ path, message: 'the suite draws no answers. Set policy.suite to one that does, or leave it out.' }];
  }
  if (suite.temperature > 0) return [];
  return [
    { path, message: `cannot be measured at temperature 0. Set ${place}.temperature, e.g. to 1, or leave it out.` },
  ];
}

function settleProblems({ settle, target }: RunSpec['policy'], { limit }: SuiteSpec, place: string): Problem[] {
  if (settle !== true || (target !== undefined && limit !== undefined)) return [];
  const message =
    target === undefined
      ? 'settles whether the target is reached, and there is none. Add policy.target, or leave it out.'
      : `has no more prompts to ask: the suite asks its whole set. Add ${place}.limit, or leave it out.`;
  return [{ path: ['policy', 'settle'], message }];
}
