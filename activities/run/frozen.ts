/**
 * The alarm of frozen evaluations: answers that are the same to the last bit as those of a checkpoint many steps earlier
 * come from weights that never reached the replicas, or that training does not move, whatever identity they report.
 */
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { ProducedSample, SampleRecord, Store } from '../../store/index.ts';

/** Fewer steps may leave every answer as it was. */
const MANY_STEPS = 10;

/** Looks back through the run's evaluations of the same prompts, latest first, and warns about the first equal one. */
export async function warnIfFrozen(
  store: Store,
  runId: string,
  evaluation: Evaluation,
  samples: readonly SampleRecord[],
): Promise<void> {
  const answers = fingerprint(samples);
  if (answers === undefined) return;
  const earlier = (await store.evaluations(runId)).filter(
    ({ kind, step, promptSet, suite, identity }) =>
      kind === 'scored' &&
      step <= evaluation.step - MANY_STEPS &&
      promptSet === evaluation.promptSet &&
      suite === evaluation.suite &&
      identity !== evaluation.identity,
  );
  // The one before is enough where weights are stuck; where they went back, an older one tells.
  for (const { id, checkpoint } of earlier.reverse()) {
    if (fingerprint(await store.samples(id)) !== answers) continue;
    await store.addEvent(runId, {
      key: `frozen/${evaluation.id}`,
      at: new Date().toISOString(),
      phase: 'evaluate',
      level: 'warn',
      message:
        `${evaluation.checkpoint}: every answer is the same, to the last bit, as at ${checkpoint}: ` +
        'either training changes nothing, or the replicas do not serve the weights they report',
    });
    return;
  }
}

/** Tokens and their likelihood: a model that learned to perfection says the same too, but not as likely. */
function fingerprint(samples: readonly SampleRecord[]): string | undefined {
  const produced = samples.filter((sample): sample is ProducedSample => sample.kind === 'produced');
  if (produced.length === 0) return undefined;
  return JSON.stringify(produced.map(({ promptHash, tokens, meanLogprob }) => [promptHash, tokens, meanLogprob]));
}
