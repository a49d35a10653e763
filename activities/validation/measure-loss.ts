/**
 * Validation loss: the model's weights as they stand, asked about rows that are not trained on. Forward only: nothing
 * changes by it, and asked again it says the same.
 */
import type { Validation } from '../../domain/words/checkpoint.ts';
import type { Activities } from '../../domain/words/run.ts';
import type { ValidationInput } from '../../domain/words/training.ts';
import { preferenceSettings } from '../../domain/spec/preference-spec.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import type { Store } from '../../store/index.ts';
import { openDataset } from '../data/dataset.ts';
import { refuseToRepeat, signal } from '../guard.ts';
import type { Backend } from '../ports.ts';
import type { Answer } from '../preference/losses.ts';
import { answerOf, labelOf } from '../preference/pair-batches.ts';
import { openReference } from '../preference/reference.ts';
import { examplesPerPass, forwardPass } from '../run/forward-pass.ts';
import { inSession } from '../run/session.ts';
import { lossOfPairs, lossOfRows } from './validation-loss.ts';

interface Ports {
  readonly backend: Backend;
  readonly store: Store;
  readonly artifacts: Artifacts;
}

export function validating(ports: Ports): Pick<Activities, 'measureLoss'> {
  return {
    async measureLoss(input) {
      const { backend, store } = ports;
      refuseToRepeat(backend.replay);
      const { runId, step, generation } = input;
      const measured = await measure(ports, input);
      const isNumber = Number.isFinite(measured.loss);
      await store.addEvent(runId, {
        key: `validation/${step}/${generation}`,
        at: new Date().toISOString(),
        phase: 'checkpoint',
        level: isNumber ? 'info' : 'warn',
        message: isNumber
          ? `step ${step}: validation loss ${measured.loss.toFixed(4)} over ${measured.rows} rows`
          : `step ${step}: the validation loss is no number, and is left out`,
      });
      return isNumber ? measured : null;
    },
  };
}

async function measure({ backend, artifacts }: Ports, input: ValidationInput): Promise<Validation> {
  const { plan, connection, firstSeq, train } = input;
  const { validation, preferences } = plan;
  if (validation === undefined) throw new PawlError('InvalidRequest', 'The plan of this run has no validation data.');
  const dataset = await openDataset(artifacts, validation.dataset);
  const reference = preferences && (await openReference(artifacts, validation));
  const trainer = backend.trainer(connection.trainerId);
  const perRequest = examplesPerPass(dataset.manifest.maxExampleTokens);
  const pass = { modelId: connection.modelId, dataset, firstSeq, first: 0, perRequest };
  const answers: Answer[] = [];
  const labels: (boolean | undefined)[] = [];
  await inSession(trainer, connection.sessionId, async () => {
    for await (const scored of forwardPass(trainer, pass, signal())) {
      for (const { example, datum, logprobs } of scored) {
        answers.push(answerOf(datum, logprobs, reference?.[answers.length] ?? 0));
        labels.push(labelOf(example));
      }
    }
  });
  return preferences === undefined
    ? lossOfRows(answers)
    : lossOfPairs(preferenceSettings(train.preference), answers, labels);
}
