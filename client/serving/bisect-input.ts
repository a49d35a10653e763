/** Between which checkpoints of a run to look for a fall, and what is known of them already. */
import { best as bestEvaluation } from '../../domain/decide/policy-scores.ts';
import { MAIN_SUITE } from '../../domain/words/names.ts';
import type { BisectInput } from '../../domain/words/serving.ts';
import type { StoredCheckpoint, StoreReader } from '../../store/index.ts';
import { checkpointIn } from '../lineage/checkpoint-reference.ts';
import { UserError } from '../errors.ts';
import { evaluationIn, suiteOfRun } from '../runs/suite-of.ts';

export interface BisectRequest {
  readonly run: string;
  /** Default: the main one. */
  readonly suite?: string;
  /** Default: the best in this suite. */
  readonly goodStep?: number;
  /** Default: the last checkpoint. */
  readonly badStep?: number;
}

export async function bisectInput(
  reader: Pick<StoreReader, 'getRun' | 'checkpointReports' | 'checkpointAt' | 'newestCheckpoints' | 'promptScores'>,
  { run: runId, suite: name = MAIN_SUITE, goodStep, badStep }: BisectRequest,
  bisectId: string,
): Promise<BisectInput> {
  const run = await reader.getRun(runId);
  const suite = suiteOfRun(run, name);
  const rows = lastOfEachStep(await reader.checkpointReports(runId));
  const at = async (step: number): Promise<StoredCheckpoint> =>
    rows.find(({ checkpoint }) => checkpoint.step === step) ?? checkpointIn(reader, run, { kind: 'step', step });
  const good = goodStep === undefined ? bestIn(rows, name, runId) : await at(goodStep);
  const last = badStep === undefined ? rows.at(-1) : await at(badStep);
  const bad = last ?? (await checkpointIn(reader, run, { kind: 'last' }));
  const range = rows.slice(rows.indexOf(good), rows.indexOf(bad) + 1);
  if (goodStep === undefined && good === bad) {
    const { name: checkpoint, step } = good.checkpoint;
    throw new UserError(
      `Nothing fell: the best checkpoint in suite ${name} is ${checkpoint}, step ${step}, where the search would end.`,
      'To look between others, give --good and --bad.',
    );
  }
  if (range.length < 2) {
    throw new UserError(
      `Between the good checkpoint ${good.checkpoint.name} and the bad one ${bad.checkpoint.name} there is nothing to search.`,
      'Give --good and --bad with the good step before the bad one.',
    );
  }
  const checkpoints = await Promise.all(
    range.map(async (row) => {
      const evaluation = evaluationIn(row, name);
      const { name: checkpoint, step } = row.checkpoint;
      // A score without its samples (pawl gc) compares with nothing: it is drawn again.
      const usable = evaluation !== undefined && (await reader.promptScores(evaluation.id)).length > 0;
      return { name: checkpoint, step, ...(usable && { evaluation }) };
    }),
  );
  const chosenAmong = goodStep === undefined ? rows.filter((row) => evaluationIn(row, name) !== undefined).length : 0;
  return { bisectId, runId, suite, checkpoints, looks: Math.max(range.length - 1, chosenAmong) };
}

/** Of several checkpoints at one step the last one stands for all: they hold the same weights, or were taken back. */
function lastOfEachStep(rows: readonly StoredCheckpoint[]): StoredCheckpoint[] {
  return [...new Map(rows.map((row) => [row.checkpoint.step, row])).values()];
}

/** More is better in every suite, whatever the policy of the run makes of it. */
function bestIn(rows: readonly StoredCheckpoint[], name: string, runId: string): StoredCheckpoint {
  const evaluations = rows.flatMap((row) => evaluationIn(row, name) ?? []);
  const best = bestEvaluation('maximize', evaluations);
  const row = rows.find((one) => best !== undefined && evaluationIn(one, name) === best);
  if (row !== undefined) return row;
  throw new UserError(
    `No checkpoint of ${runId} was evaluated in suite ${name}, so none is known to be good.`,
    'Name one with --good STEP.',
  );
}
