/** Suites of a run as its evaluations see them: which are due, what each depends on, and whose scores may be compared. */
import type { Evaluation } from './evaluation.ts';
import type { PinnedSuite } from './plan.ts';
import type { Plan } from './plan.ts';
import { MAIN_SUITE } from './names.ts';
import type { RunSpec } from '../spec/spec.ts';
import type { SuiteSpec } from '../spec/suite-spec.ts';

/** Everything that an evaluation depends on but the weights. */
export interface EvaluatedSuite extends PinnedSuite {
  readonly spec: SuiteSpec;
}

/** By its name; without one, the main suite. Fails where the experiment or its plan has no such suite. */
export function suiteOf(
  evaluate: RunSpec['evaluate'],
  plan: Pick<Plan, 'promptSet' | 'prompts' | 'graderModule' | 'references' | 'suites'>,
  name: string = MAIN_SUITE,
): EvaluatedSuite {
  if (name === MAIN_SUITE) {
    const { promptSet, prompts, graderModule, references } = plan;
    return {
      name,
      spec: evaluate,
      promptSet,
      prompts,
      ...(graderModule !== undefined && { graderModule }),
      ...(references !== undefined && { references }),
    };
  }
  const spec = evaluate.suites?.[name];
  const pinned = plan.suites?.find((suite) => suite.name === name);
  if (spec !== undefined && pinned !== undefined) return { ...pinned, spec };
  const known = [MAIN_SUITE, ...(plan.suites ?? []).map((suite) => suite.name)];
  throw new RangeError(`there is no suite ${name} in this run: name one of ${known.join(', ')}`);
}

/**
 * The further suites that a checkpoint is evaluated on, in the order of the plan: at every so many checkpoints as each
 * says, or at none; `all`: where every later number is compared with this one, or nothing comes after it.
 */
export function dueSuites(
  evaluate: RunSpec['evaluate'],
  plan: Pick<Plan, 'suites'>,
  { step, checkpointEvery, all }: { step: number; checkpointEvery: number; all: boolean },
): string[] {
  return (plan.suites ?? []).flatMap(({ name }) => {
    const { every = 1 } = evaluate.suites?.[name] ?? {};
    return all || (every !== 'result' && step % (every * checkpointEvery) === 0) ? [name] : [];
  });
}

/** Prompts that an evaluation asks: the first so many of the set. */
export function promptsAsked({ spec, prompts }: EvaluatedSuite, limit: number | undefined): number {
  return Math.min(prompts, limit ?? spec.limit ?? prompts);
}

/**
 * Whether the scores of two evaluations speak of the same thing: prompt set, metric, grader and the way of sampling.
 * How many of the prompts each asked does not matter: differences are taken on those that both answered.
 */
export function comparable(one: Comparable, other: Comparable): boolean {
  return (
    one.promptSet === other.promptSet &&
    one.metric === other.metric &&
    one.grader === other.grader &&
    samplingText(one) === samplingText(other)
  );
}

type Comparable = Pick<Evaluation, 'promptSet' | 'metric' | 'grader' | 'sampling'>;

function samplingText({ sampling }: Comparable): string {
  if (sampling === undefined) return '';
  const { temperature, maxTokens, samplesPerPrompt, passAt, stop } = sampling;
  return JSON.stringify([temperature, maxTokens, samplesPerPrompt, passAt, stop]);
}
