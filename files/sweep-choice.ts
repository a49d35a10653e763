/** What the schema cannot see of how a sweep's winner is chosen: prompts that no trial is chosen by, suites that are there. */
import { suiteOf, suitesOf } from '../domain/decide/sweep-metric.ts';
import type { RunSpec } from '../domain/spec/spec.ts';
import type { SweepSpec } from '../domain/spec/sweep-spec.ts';
import { MAIN_SUITE, VALIDATION_LOSS } from '../domain/words/names.ts';
import { promptsReference } from '../domain/words/prompts.ts';
import { fileProblem } from './experiment/checks.ts';
import type { Problem } from './experiment/problems.ts';

export async function choiceProblems(spec: SweepSpec, experiment: RunSpec): Promise<Problem[]> {
  return [...(await confirmProblems(spec, experiment)), ...promoteProblems(spec, experiment)];
}

async function confirmProblems(spec: SweepSpec, experiment: RunSpec): Promise<Problem[]> {
  const { confirm } = spec;
  if (confirm === undefined) return [];
  const suite = suiteOf({ spec, experiment });
  if (suite === VALIDATION_LOSS) {
    return [{ path: ['confirm'], message: 'a loss is asked of no prompts. Judge by a suite, or leave confirm out.' }];
  }
  const path = ['confirm', 'prompts'];
  const { evaluate } = experiment;
  const own = suite === MAIN_SUITE ? evaluate.prompts : evaluate.suites?.[suite]?.prompts;
  if (own === confirm.prompts) {
    const message = `are those of the suite ${suite}, by which trials are chosen. Name prompts that none is chosen by.`;
    return [{ path, message }];
  }
  const reference = promptsReference(confirm.prompts);
  const message = reference.kind === 'file' ? await fileProblem(reference.path, 'sweep') : undefined;
  return message === undefined ? [] : [{ path, message }];
}

function promoteProblems({ promote }: SweepSpec, experiment: RunSpec): Problem[] {
  if (promote === undefined) return [];
  const known = suitesOf(experiment).filter((suite) => suite !== VALIDATION_LOSS);
  const problems = (promote.suites ?? []).flatMap((suite, index): Problem[] =>
    known.includes(suite)
      ? []
      : [
          {
            path: ['promote', 'suites', index],
            message: `the experiment has no suite "${suite}". Name one of ${known.join(', ')}.`,
          },
        ],
  );
  if (experiment.promotion === undefined) return problems;
  const message = 'the experiment has a promotion of its own, which each trial would ask for. Leave one of them out.';
  return [...problems, { path: ['promote'], message }];
}
