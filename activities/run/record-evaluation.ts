/**
 * Records an evaluation with all that is ever computed of it: what its prompts scored, its differences from earlier
 * ones, the fingerprint by which later ones find it. Nobody reads its samples again to know these.
 */
import { promptScores } from '../../domain/decide/statistics/prompt-scores.ts';
import type { PromptScore } from '../../domain/decide/statistics/paired.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { SampleRecord } from '../../domain/words/samples.ts';
import { comparable } from '../../domain/words/suites.ts';
import type { Comparison, Comparisons, Store } from '../../store/index.ts';
import type { Compute } from '../compute/compute.ts';
import { packScores } from '../compute/packed-scores.ts';
import { fingerprint, warnIfFrozen } from './frozen.ts';

interface Ports {
  readonly store: Store;
  readonly compute: Compute;
  readonly signal: AbortSignal;
}

export async function recordEvaluation(
  ports: Ports,
  runId: string,
  evaluation: Evaluation,
  samples: readonly SampleRecord[],
): Promise<void> {
  const { store } = ports;
  const scores = promptScores(samples, { passAt: evaluation.sampling?.passAt });
  const answers = fingerprint(samples);
  await warnIfFrozen(store, runId, evaluation, answers);
  const comparisons = await compareWithEarlier(ports, runId, evaluation, scores);
  const derived = { scores, comparisons, ...(answers !== undefined && { answers }) };
  await store.saveEvaluation(runId, { kind: 'scored', ...evaluation }, derived);
}

/** On the main suite of the run itself. */
async function compareWithEarlier(
  ports: Ports,
  runId: string,
  evaluation: Evaluation,
  scores: readonly PromptScore[],
): Promise<Comparisons> {
  const { store } = ports;
  if (evaluation.suite !== undefined || evaluation.appraisal !== undefined) return {};
  const parent = await store.parentOf(runId);
  const over = (reference: Evaluation | undefined): Promise<Comparison | undefined> =>
    compare(ports, reference, evaluation, scores);
  const overBaseline = await over(await store.firstEvaluation(runId));
  const overPrevious = await over(await store.evaluationBefore(runId, evaluation.step));
  const overParent = await over(parent && (await store.evaluationOf(parent.runId, parent.checkpoint)));
  return {
    ...(overBaseline && { overBaseline }),
    ...(overPrevious && { overPrevious }),
    ...(overParent && { overParent }),
  };
}

async function compare(
  { store, compute, signal }: Ports,
  reference: Evaluation | undefined,
  candidate: Evaluation,
  scores: readonly PromptScore[],
): Promise<Comparison | undefined> {
  if (reference === undefined || reference.id === candidate.id || !comparable(reference, candidate)) return undefined;
  const pair = { baseline: packScores(await store.promptScores(reference.id)), candidate: packScores(scores) };
  const difference = await compute.run('statistics.pairedDifference', pair, { signal });
  return difference && { reference: reference.checkpoint, ...difference };
}
