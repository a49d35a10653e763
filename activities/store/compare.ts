/** Checkpoints compared with the run's baseline, prompt by prompt, from the samples that are stored. */
import { pairedDifference, type PairedDifference } from '../grading/paired.ts';
import type { StoredCheckpoint, StoreReader } from './store.ts';

export interface ComparedCheckpoint extends StoredCheckpoint {
  /** Score minus the baseline's, on the prompts that both answered. */
  readonly overBaseline?: PairedDifference;
}

/** The baseline is what was evaluated before the run's first step. Scores of other prompts or graders are not compared. */
export async function compareWithBaseline(
  reader: Pick<StoreReader, 'promptScores'>,
  checkpoints: readonly StoredCheckpoint[],
): Promise<readonly ComparedCheckpoint[]> {
  const baseline = checkpoints.find(
    ({ evaluation }) => evaluation?.step === checkpoints[0]?.checkpoint.step,
  )?.evaluation;
  if (baseline === undefined || checkpoints.length < 2) return checkpoints;
  const before = await reader.promptScores(baseline.id);
  const compared: ComparedCheckpoint[] = [];
  for (const row of checkpoints) {
    const { evaluation } = row;
    const comparable =
      evaluation !== undefined &&
      evaluation.id !== baseline.id &&
      evaluation.promptSet === baseline.promptSet &&
      evaluation.metric === baseline.metric;
    const overBaseline = comparable ? pairedDifference(before, await reader.promptScores(evaluation.id)) : undefined;
    compared.push(overBaseline === undefined ? row : { ...row, overBaseline });
  }
  return compared;
}
