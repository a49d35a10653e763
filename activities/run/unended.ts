/**
 * Answers that came to no end: those that `maxTokens` cut, and those that were still reasoning, which count as wrong. How
 * many they are is told, for a longer limit may mend them.
 */
import type { Evaluation } from '../../domain/words/evaluation.ts';
import { isLikelihood } from '../../domain/spec/grader-spec.ts';
import type { EvaluatedSuite } from '../../domain/words/suites.ts';
import type { SampleRecord, Store } from '../../store/index.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { openPromptSet } from '../data/prompt-set.ts';
import { answerOf, opensThought } from '../grading/answer-after.ts';

interface Asked {
  readonly suite: EvaluatedSuite;
  readonly samples: readonly SampleRecord[];
}

/** How many answers were still reasoning at their end. */
export async function unendedAmong(artifacts: Artifacts, { suite, samples }: Asked): Promise<number> {
  const { grader, answerAfter } = suite.spec;
  if (isLikelihood(grader) || answerAfter === false) return 0;
  const prompts = await openPromptSet(artifacts, suite.promptSet);
  return samples.filter(
    (sample) =>
      sample.kind === 'produced' &&
      answerOf(sample.text, answerAfter, opensThought(prompts[sample.promptIndex]?.prompt ?? '')).unended,
  ).length;
}

export async function warnOfUnended(
  store: Pick<Store, 'addEvent'>,
  runId: string,
  { id, checkpoint, samples, cut = 0, unended = 0 }: Evaluation,
  { spec: { maxTokens } }: EvaluatedSuite,
): Promise<void> {
  const warn = async (kind: string, count: number, what: string): Promise<void> => {
    if (count === 0) return;
    const percent = ((100 * count) / samples).toFixed(1);
    const message = `${checkpoint}: ${count} of ${samples} answers (${percent} %) ${what}`;
    const event = { key: `${kind}/${id}`, at: new Date().toISOString(), phase: 'evaluate', level: 'warn' } as const;
    await store.addEvent(runId, { ...event, message });
  };
  await warn(
    'unended',
    unended,
    `came to no end of their reasoning within maxTokens (${maxTokens}), and count as wrong`,
  );
  await warn(
    'cut',
    cut,
    `were cut by maxTokens (${maxTokens}): pawl samples shows them; raise evaluate.maxTokens if they need more`,
  );
}
