/** What a finished run left behind, in terms that do not depend on how often it was disturbed. */
import { openStore, type ProducedSample, type StoreReader } from '../store/index.ts';
import { storeFile, type RunDetails, type StoredCheckpoint } from '../client/index.ts';
import { RunBuckets } from './snapshots.ts';
import type { DisturbedStack } from './stack.ts';

/** Every field is one comparison; what is equal in two runs is equal as JSON. */
export interface Evidence {
  readonly 'outcome and reason': unknown;
  readonly 'final resumable state, byte for byte': unknown;
  readonly 'resumable state at each checkpoint': unknown;
  readonly 'optimizer steps behind each checkpoint': unknown;
  readonly 'weights each snapshot stands for': unknown;
  readonly 'metrics rows (step, loss, learning rate, tokens)': unknown;
  readonly 'reference, byte for byte': unknown;
  readonly 'validation rows (loss, metrics)': unknown;
  readonly 'evaluation rows (score, interval, samples)': unknown;
  readonly 'samples (tokens, text, score)': unknown;
  readonly verdicts: unknown;
  readonly 'lineage (every score bound to its weights)': unknown;
}

/** Fails where two saves of one step contradict each other, which no comparison between runs would show. */
export async function gather(stack: DisturbedStack, run: RunDetails): Promise<Evidence> {
  const buckets = new RunBuckets(stack.sandboxState, run.runId);
  const kept = surviving(run.checkpoints);
  const reader = await openStore({ path: storeFile(stack.home), readonly: true });
  try {
    const states = kept.map(
      ({ checkpoint }) => [checkpoint.step, buckets.state(nameOf(checkpoint.statePath))] as const,
    );
    agree(run.checkpoints, ({ checkpoint }) => buckets.state(nameOf(checkpoint.statePath)));
    agree(run.checkpoints, ({ checkpoint }) => buckets.weights(checkpoint.identity));
    agree(run.checkpoints, ({ checkpoint }) => checkpoint.validation);
    agree(run.checkpoints, ({ evaluation }) => evaluation && scoreOf(evaluation));
    return {
      'outcome and reason': [run.outcome, run.stored?.reason],
      'final resumable state, byte for byte': states.at(-1),
      'resumable state at each checkpoint': states.map(([step, { sha256 }]) => [step, sha256]),
      'optimizer steps behind each checkpoint': states.map(([step, { optimizerSteps }]) => [step, optimizerSteps]),
      'weights each snapshot stands for': kept.map(({ checkpoint }) => [
        checkpoint.step,
        buckets.weights(checkpoint.identity),
      ]),
      'metrics rows (step, loss, learning rate, tokens)': run.steps.map(({ step, lossMean, learningRate, tokens }) => [
        step,
        lossMean,
        learningRate,
        tokens,
      ]),
      'reference, byte for byte': [run.stored?.plan?.reference?.logprobs, run.stored?.plan?.validation?.reference],
      'validation rows (loss, metrics)': kept.map(({ checkpoint: { step, validation } }) => [step, validation]),
      'evaluation rows (score, interval, samples)': kept.map(({ checkpoint, evaluation }) => [
        checkpoint.step,
        evaluation && scoreOf(evaluation),
      ]),
      'samples (tokens, text, score)': await Promise.all(kept.map((row) => samplesOf(reader, row))),
      verdicts: kept.map(({ checkpoint, verdict }) => [checkpoint.step, verdict?.kind, verdict?.reason]),
      'lineage (every score bound to its weights)': kept.map(({ checkpoint, evaluation, sync }) => [
        checkpoint.step,
        evaluation?.identity === checkpoint.identity,
        sync?.identity === checkpoint.identity,
        sync?.replicas,
      ]),
    };
  } finally {
    await reader.close();
  }
}

/** One checkpoint a step: of the last generation that saved it, and the one that was judged. */
function surviving(checkpoints: readonly StoredCheckpoint[]): readonly StoredCheckpoint[] {
  const byStep = new Map<number, StoredCheckpoint>();
  for (const row of checkpoints) {
    // The same weights once more as a base, which a run adds where its last checkpoint happened to be a delta.
    if (row.checkpoint.name.startsWith('final-')) continue;
    byStep.set(row.checkpoint.step, row);
  }
  return [...byStep.values()];
}

/** Rows come in order of generation: the same step must say the same in each. */
function agree(checkpoints: readonly StoredCheckpoint[], fact: (row: StoredCheckpoint) => unknown): void {
  const first = new Map<number, { name: string; said: string }>();
  for (const row of checkpoints) {
    const { step, name } = row.checkpoint;
    const said = JSON.stringify(fact(row));
    if (said === undefined) continue;
    const before = first.get(step);
    if (before === undefined) first.set(step, { name, said });
    else if (before.said !== said) throw new Error(`${before.name} and ${name} are of one step, yet differ`);
  }
}

function scoreOf(evaluation: NonNullable<StoredCheckpoint['evaluation']>): unknown {
  const { metric, promptSet, score, low, high, samples, missing } = evaluation;
  return { metric, promptSet, score, low, high, samples, missing };
}

async function samplesOf(reader: StoreReader, { checkpoint, evaluation }: StoredCheckpoint): Promise<unknown> {
  if (evaluation === undefined) return [checkpoint.step, 'not evaluated'];
  const samples = await reader.samples(evaluation.id);
  const produced = samples.filter((sample): sample is ProducedSample => sample.kind === 'produced');
  return [
    checkpoint.step,
    produced.map(({ promptHash, tokens, text, finishReason, score }) => ({
      promptHash,
      tokens,
      text,
      finishReason,
      score,
    })),
  ];
}

/** A state of another trainer of this run is named `cross_job://JOB/NAME`. */
function nameOf(statePath: string): string {
  return statePath.split('/').at(-1) ?? statePath;
}
