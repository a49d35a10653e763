/** Answers whose reasoning came to no end count as wrong; how many they are is told, for a longer limit may mend them. */
import type { Evaluation } from '../../domain/words/evaluation.ts';
import { isLikelihood } from '../../domain/spec/grader-spec.ts';
import type { EvaluatedSuite } from '../../domain/words/suites.ts';
import type { SampleRecord, Store } from '../../store/index.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { openPromptSet } from '../data/prompt-set.ts';
import { answerOf, opensThought } from '../grading/answer-after.ts';

interface Ports {
  readonly store: Store;
  readonly artifacts: Artifacts;
}

export async function warnIfUnended(
  { store, artifacts }: Ports,
  runId: string,
  { id, checkpoint }: Evaluation,
  { suite, samples }: { suite: EvaluatedSuite; samples: readonly SampleRecord[] },
): Promise<void> {
  const { grader, answerAfter, maxTokens } = suite.spec;
  if (isLikelihood(grader) || answerAfter === false) return;
  const prompts = await openPromptSet(artifacts, suite.promptSet);
  const answered = samples.filter((sample) => sample.kind === 'produced');
  const unended = answered.filter(
    ({ promptIndex, text }) => answerOf(text, answerAfter, opensThought(prompts[promptIndex]?.prompt ?? '')).unended,
  );
  if (unended.length === 0) return;
  const percent = ((100 * unended.length) / answered.length).toFixed(1);
  await store.addEvent(runId, {
    key: `unended/${id}`,
    at: new Date().toISOString(),
    phase: 'evaluate',
    level: 'warn',
    message:
      `${checkpoint}: ${unended.length} of ${answered.length} answers (${percent} %) came to no end of their reasoning ` +
      `within maxTokens (${maxTokens}), and count as wrong`,
  });
}
