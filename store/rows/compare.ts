/** Evaluations compared prompt by prompt, from the samples that are stored: with the baseline, the one before, any other. */
import { comparable } from '../../domain/words/suites.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import { pairedDifference, type PairedDifference } from '../../domain/decide/statistics/paired.ts';
import type { StoredCheckpoint, StoreReader } from './store.ts';

/** A paired difference, and what it is a difference from. */
export interface Comparison extends PairedDifference {
  /** Name of the reference's checkpoint. */
  readonly reference: string;
}

export interface ComparedCheckpoint extends StoredCheckpoint {
  /** Score minus the baseline's, on the prompts that both answered. */
  readonly overBaseline?: Comparison;
  /** Score minus that of the last checkpoint of an earlier step that was evaluated. */
  readonly overPrevious?: Comparison;
  /** Score minus that of the checkpoint of another run that this run began from. */
  readonly overParent?: Comparison;
}

type Scores = Pick<StoreReader, 'promptScores'>;

/** Candidate minus reference, whichever runs they are of. Undefined where scores of one say nothing about the other. */
export async function compareEvaluations(
  reader: Scores,
  reference: Evaluation,
  candidate: Evaluation,
): Promise<Comparison | undefined> {
  if (reference.id === candidate.id || !comparable(reference, candidate)) return undefined;
  const difference = pairedDifference(await reader.promptScores(reference.id), await reader.promptScores(candidate.id));
  return difference && { reference: reference.checkpoint, ...difference };
}

/** Each checkpoint of a run, in order, with the baseline, the one before and the parent's: on the main suite. */
export async function compareCheckpoints(
  reader: Pick<StoreReader, 'promptScores' | 'checkpointReports'>,
  checkpoints: readonly StoredCheckpoint[],
  parent?: { readonly runId: string; readonly checkpoint: string },
): Promise<readonly ComparedCheckpoint[]> {
  const evaluated = checkpoints.flatMap(({ evaluation }) => (evaluation === undefined ? [] : [evaluation]));
  const first = checkpoints[0]?.checkpoint.step;
  const baseline = evaluated.find(({ step }) => step === first);
  const origin = parent && (await reader.checkpointReports(parent.runId)).find(isAt(parent.checkpoint))?.evaluation;
  const scores = remembered(reader);
  const over = (reference: Evaluation | undefined, evaluation: Evaluation | undefined) =>
    reference && evaluation && compareEvaluations(scores, reference, evaluation);
  const compared: ComparedCheckpoint[] = [];
  for (const row of checkpoints) {
    const { evaluation } = row;
    const overBaseline = await over(baseline, evaluation);
    const overPrevious = await over(
      evaluated.findLast(({ step }) => step < row.checkpoint.step),
      evaluation,
    );
    const overParent = await over(origin, evaluation);
    compared.push({
      ...row,
      ...(overBaseline && { overBaseline }),
      ...(overPrevious && { overPrevious }),
      ...(overParent && { overParent }),
    });
  }
  return compared;
}

function isAt(name: string): (row: StoredCheckpoint) => boolean {
  return ({ checkpoint }) => checkpoint.name === name;
}

/** Every evaluation is a reference too, and its samples are read once. */
function remembered(reader: Scores): Scores {
  const known = new Map<string, ReturnType<Scores['promptScores']>>();
  return {
    promptScores(id) {
      const scores = known.get(id) ?? reader.promptScores(id);
      known.set(id, scores);
      return scores;
    },
  };
}
