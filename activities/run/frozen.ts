/**
 * The alarm of frozen evaluations: answers that are the same to the last bit as those of a checkpoint many steps earlier
 * come from weights that never reached the replicas, or that training does not move, whatever identity they report.
 */
import { createHash } from 'node:crypto';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { SampleRecord } from '../../domain/words/samples.ts';
import type { Store } from '../../store/index.ts';

/** Fewer steps may leave every answer as it was. */
const MANY_STEPS = 10;

/**
 * Warns about the latest of the run's earlier evaluations that has the same answers, if there is one. The one before is
 * enough where weights are stuck; where they went back, an older one tells.
 */
export async function warnIfFrozen(
  store: Store,
  runId: string,
  evaluation: Evaluation,
  answers: string | undefined,
): Promise<void> {
  if (answers === undefined) return;
  const untilStep = evaluation.step - MANY_STEPS;
  const earlier = await store.evaluationAnswering(runId, { ...evaluation, answers, untilStep });
  if (earlier === undefined) return;
  const message =
    `${evaluation.checkpoint}: every answer is the same, to the last bit, as at ${earlier.checkpoint}: ` +
    'either training changes nothing, or the replicas do not serve the weights they report';
  await store.addEvent(
    runId,
    { key: `frozen/${evaluation.id}`, at: new Date().toISOString(), phase: 'evaluate', level: 'warn', message },
    [
      {
        kind: 'evaluation.frozen',
        subject: { kind: 'run', id: runId },
        ordinal: evaluation.id,
        title: `${runId}, ${message}`,
        data: { checkpoint: evaluation.checkpoint, same: earlier.checkpoint },
      },
    ],
  );
}

/** Of tokens and their likelihood: a model that learned to perfection says the same too, but not as likely. */
export function fingerprint(samples: readonly SampleRecord[]): string | undefined {
  const hash = createHash('sha256');
  let produced = 0;
  for (const sample of samples) {
    if (sample.kind === 'missing') continue;
    const { promptHash, tokens, meanLogprob } = sample;
    hash.update(`${JSON.stringify([promptHash, tokens, meanLogprob])}\n`);
    produced += 1;
  }
  return produced === 0 ? undefined : hash.digest('hex');
}
