/** What the schema cannot see of suites: how they draw and grade must go together, and their files must be there. */
import { codeField, codePath, isCode } from '../../domain/spec/code-spec.ts';
import { isLikelihood } from '../../domain/spec/grader-spec.ts';
import { MAIN_SUITE, VALIDATION_LOSS } from '../../domain/words/names.ts';
import { promptsReference } from '../../domain/words/prompts.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { SuiteSpec } from '../../domain/spec/suite-spec.ts';
import type { Problem } from './problems.ts';

type Place = readonly PropertyKey[];

export function suiteProblems(evaluate: RunSpec['evaluate']): Problem[] {
  const problems = placed(evaluate).flatMap(([place, suite]) => problemsOf(place, suite));
  const taken = TAKEN.filter(([name]) => evaluate.suites?.[name] !== undefined);
  const renamed = taken.map(([name, what]) => ({
    path: ['evaluate', 'suites', name],
    message: `"${name}" is ${what}. Choose another name.`,
  }));
  return [...problems, ...renamed];
}

const TAKEN = [
  [MAIN_SUITE, 'the suite that the fields of evaluate make themselves'],
  [VALIDATION_LOSS, 'what policy.suite calls the loss of rows that are held out'],
] as const;

/** The files that suites name, with where they do. */
export function suiteFiles(evaluate: RunSpec['evaluate']): [PropertyKey[], string][] {
  return placed(evaluate).flatMap(([place, { prompts, grader }]) => {
    const files: [PropertyKey[], string][] = [];
    const reference = promptsReference(prompts);
    if (reference.kind === 'file') files.push([[...place, 'prompts'], reference.path]);
    if (isCode(grader)) files.push([[...place, 'grader', codeField(grader)], codePath(grader)]);
    return files;
  });
}

function placed(evaluate: RunSpec['evaluate']): [Place, SuiteSpec][] {
  const further = Object.entries(evaluate.suites ?? {});
  return [
    [['evaluate'], evaluate],
    ...further.map(([name, suite]): [Place, SuiteSpec] => [['evaluate', 'suites', name], suite]),
  ];
}

function problemsOf(place: Place, { samplesPerPrompt = 1, passAt, temperature, grader }: SuiteSpec): Problem[] {
  const problems: Problem[] = [];
  if (samplesPerPrompt > 1 && isLikelihood(grader)) {
    problems.push({
      path: [...place, 'samplesPerPrompt'],
      message: 'this grader looks at the answers of the prompts file, and draws none. Leave it out.',
    });
  } else if (samplesPerPrompt > 1 && temperature === 0) {
    problems.push({
      path: [...place, 'samplesPerPrompt'],
      message: `at temperature 0 all ${samplesPerPrompt} answers would be the same. Set temperature, e.g. to 0.7, or leave it out.`,
    });
  }
  if (passAt === undefined) return problems;
  if (passAt > samplesPerPrompt) {
    problems.push({
      path: [...place, 'passAt'],
      message: `pass@${passAt} needs at least ${passAt} answers per prompt, not ${samplesPerPrompt}. Raise samplesPerPrompt.`,
    });
  }
  if (!mayBeBinary(grader)) {
    problems.push({
      path: [...place, 'passAt'],
      message: `counts right answers, and this grader gives fractions. ${BINARY_REMEDY}`,
    });
  }
  return problems;
}

const BINARY_REMEDY = 'Use one that says 0 or 1, such as exact_match; of your own one, say binary: true.';
const GRADUAL: readonly string[] = ['edit_similarity', 'token_accuracy', 'f1', 'rouge_l'];

/** What the user's own grader gives is the user's word. */
function mayBeBinary(grader: SuiteSpec['grader']): boolean {
  if (isLikelihood(grader)) return false;
  if (typeof grader === 'string') return !GRADUAL.includes(grader);
  if ('name' in grader) return !GRADUAL.includes(grader.name);
  if (isCode(grader)) return grader.binary;
  return 'http' in grader ? grader.http.binary : grader.judge.binary;
}
