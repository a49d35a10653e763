/** What the schema cannot see of a policy: it must fit the suite that it judges, and its rules each other. */
import { isLikelihood } from '../../domain/spec/grader-spec.ts';
import { MAIN_SUITE } from '../../domain/words/names.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { SuiteSpec } from '../../domain/spec/suite-spec.ts';
import type { Problem } from './problems.ts';

export function policyProblems({ policy, evaluate }: RunSpec): Problem[] {
  const { suite = MAIN_SUITE } = policy;
  const judged = suite === MAIN_SUITE ? evaluate : evaluate.suites?.[suite];
  if (judged === undefined) return [unknownSuite(suite, evaluate)];
  const place = suite === MAIN_SUITE ? 'evaluate' : `evaluate.suites.${suite}`;
  return [
    ...targetProblems(policy),
    ...entropyProblems(policy, judged, place),
    ...settleProblems(policy, judged, place),
  ];
}

function unknownSuite(suite: string, { suites = {} }: RunSpec['evaluate']): Problem {
  const known = [MAIN_SUITE, ...Object.keys(suites)].join(', ');
  return {
    path: ['policy', 'suite'],
    message: `there is no suite "${suite}" in evaluate.suites. Name one of ${known}.`,
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
