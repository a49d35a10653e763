/** How people name an evaluation: its id as `pawl show --output json` tells it, or `RUN@STEP` with `:SUITE`. */
import { MAIN_SUITE } from '../../domain/words/names.ts';
import type { AppraisedSuite, CheckpointOf } from '../../domain/words/serving.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { StoreReader } from '../../store/index.ts';
import { lookUpCheckpoint } from '../lineage/checkpoint-reference.ts';
import { NotFoundError, UserError } from '../errors.ts';
import { evaluationIn, suiteOfRun } from '../runs/suite-of.ts';

/** An evaluation, and all that it takes to draw it again. */
export interface FoundEvaluation {
  readonly evaluation: Evaluation;
  readonly subject: CheckpointOf;
  readonly suite: AppraisedSuite;
}

export const EVALUATION_ARGUMENT = 'the id of an evaluation, or RUN@STEP, RUN@best, RUN@last, each also with :SUITE';

export async function findEvaluation(
  text: string,
  lookUp: Parameters<typeof lookUpCheckpoint>[1],
): Promise<FoundEvaluation> {
  // An id is a path of names, which a reference never is.
  if (text.includes('/')) return byId(text, lookUp.reader);
  const [place = '', name = MAIN_SUITE] = text.split(':');
  const { run, row } = await lookUpCheckpoint(place, lookUp);
  const suite = suiteOfRun(run, name);
  const evaluation = evaluationIn(row, name);
  if (evaluation === undefined) {
    throw new NotFoundError(
      `Checkpoint ${row.checkpoint.name} of ${run.runId} was not evaluated in suite ${name}.`,
      '`pawl show RUN` tells which were.',
    );
  }
  return { evaluation, subject: { runId: run.runId, checkpoint: row.checkpoint.name }, suite };
}

async function byId(id: string, reader: StoreReader | undefined): Promise<FoundEvaluation> {
  const found = await reader?.evaluation(id);
  if (reader === undefined || found === undefined) {
    throw new NotFoundError(`There is no evaluation ${id}.`, '`pawl show RUN --output json` has the ids.');
  }
  const { runId, evaluation } = found;
  if (evaluation.kind === 'void') {
    throw new UserError(`Evaluation ${id} is void: ${evaluation.reason}.`, 'There is no score to reproduce.');
  }
  const subject = { runId, checkpoint: evaluation.checkpoint };
  return { evaluation, subject, suite: await drawnIn(reader, runId, evaluation) };
}

/** A run's own suite; beside the run an evaluation may have had another one, which is kept with it. */
async function drawnIn(
  reader: StoreReader,
  runId: string,
  { appraisal, suite = MAIN_SUITE }: Evaluation,
): Promise<AppraisedSuite> {
  if (appraisal === undefined) return suiteOfRun(await reader.getRun(runId), suite);
  const kept = (await reader.appraisals(runId)).find(({ id }) => id === appraisal);
  if (kept !== undefined) return kept.suite;
  throw new UserError(`Nothing is recorded of ${appraisal}.`, 'Its suite is not known any more.');
}
