/** A run in words: the lines of the live block, and one line for each checkpoint. Pure. */
import type { StoredCheckpoint } from '../../../store/index.ts';
import { amount } from '../../../domain/decide/policy-text.ts';
import { VALIDATION_LOSS, VALIDATION_METRIC } from '../../../domain/words/names.ts';
import { suiteMetric } from '../../../domain/spec/suite-spec.ts';
import type { RunSpec } from '../../../domain/spec/spec.ts';
import { progressOf, type RunView, type Waiting } from '../../runs/run-view.ts';
import type { Colours } from './colours.ts';
import { bar, costText, durationText, lossText, paceText, percent, scoreText } from './format.ts';
import { oneLine } from './text.ts';

const BAR_WIDTH = 20;

/** What is known of a run at this moment, in three or four lines. */
export function liveLines(view: RunView, colours: Colours, nowMs: number): string[] {
  const lines = [headLine(view, colours), servingLine(view, colours), scoreLine(view), costLine(view, nowMs)];
  if (view.waiting !== undefined) lines.push(colours.warn(waitingText(view.waiting)));
  return lines.filter((line) => line !== '');
}

function headLine(view: RunView, colours: Colours): string {
  const { step, steps } = progressOf(view);
  const parts = [colours.strong(view.runId), colours.live(activityText(view))];
  if (steps !== undefined) parts.push(`${bar(step, steps, BAR_WIDTH)} step ${step}/${steps}`);
  return [...parts, ...paceParts(view)].join('  ');
}

/** The phase, unless something about the run as a whole matters more. */
export function activityText(view: RunView): string {
  if (view.outcome !== 'running') return view.outcome;
  const { phase } = progressOf(view);
  const { status } = view;
  if (status === undefined || phase === 'release') return phase;
  if (status.stopRequested) return `${phase}, stopping`;
  return status.pauseRequested && phase !== 'paused' ? `${phase}, pausing` : phase;
}

/** `loss 2.134  0.11 s/step  about 44 s of training left`: what is known of it. */
export function paceParts({ status, latest }: RunView): string[] {
  const parts: string[] = [];
  const lossMean = latest?.lossMean ?? status?.lossMean;
  if (lossMean !== undefined) parts.push(lossText(lossMean));
  if (status?.secondsPerStep === undefined) return parts;
  parts.push(paceText(status.secondsPerStep));
  const left = (status.steps - (latest?.step ?? status.step)) * status.secondsPerStep;
  if (left > 0 && !status.stopRequested) parts.push(`about ${durationText(left)} of training left`);
  return parts;
}

function servingLine({ status }: RunView, colours: Colours): string {
  if (status?.checkpoint === undefined) return '';
  const serving =
    status.identity === undefined ? 'nothing confirmed yet' : `${status.identity} ${colours.good('(confirmed)')}`;
  const proving = status.proving === undefined ? '' : ', being evaluated';
  return `checkpoint ${status.checkpoint}${proving}  serving ${serving}`;
}

function scoreLine({ status, stored }: RunView): string {
  if (status?.score === undefined) return '';
  const metric = stored === undefined ? 'score' : judgedMetric(stored.spec);
  const parts = [`${metric} ${amount({ metric }, status.score)}`];
  if (status.baselineScore !== undefined) parts.push(`baseline ${amount({ metric }, status.baselineScore)}`);
  if (status.bestScore !== undefined) parts.push(`best ${amount({ metric }, status.bestScore)}`);
  return parts.join('  ');
}

/** Of the suite that the policy judges. */
function judgedMetric({ policy, evaluate }: RunSpec): string {
  if (policy.suite === VALIDATION_LOSS) return VALIDATION_METRIC;
  const further = policy.suite === undefined ? undefined : evaluate.suites?.[policy.suite];
  return suiteMetric(further ?? evaluate);
}

function costLine({ status, stored }: RunView, nowMs: number): string {
  if (status?.rentedSinceMs === undefined) return '';
  const { rentedSinceMs, costPerHour = 0 } = status;
  return `cost ${costText({ costPerHour, rentedSinceMs, nowMs, currency: stored?.spec.prices.currency ?? '' })}`;
}

/** `trying again: trainWindow: … (attempt 4)`, or `waiting: …` for what nobody is trying. */
export function waitingText({ message, attempt }: Waiting): string {
  const problem = oneLine(message);
  return attempt === undefined ? `waiting: ${problem}` : `trying again: ${problem} (attempt ${attempt})`;
}

/** `✓ step 100  delta  step-000100-g1-1a2b3c4d  exact_match 12.1 % [8.6, 16.7]  continue: …` */
export function checkpointLine(
  { checkpoint, evaluation, suites = [], verdict }: StoredCheckpoint,
  colours: Colours,
): string {
  const parts = [
    `${colours.good('✓')} step ${checkpoint.step}`,
    checkpoint.snapshotType.padEnd('delta'.length),
    checkpoint.identity,
  ];
  if (evaluation !== undefined) parts.push(`${evaluation.metric} ${colours.strong(scoreText(evaluation))}`);
  const { validation } = checkpoint;
  if (validation !== undefined) parts.push(`validation loss ${validation.loss.toFixed(4)}`);
  for (const { suite = '', score } of suites) parts.push(`${suite} ${percent(score)}`);
  if (verdict !== undefined) parts.push(colours.dim(`${verdict.kind}: ${oneLine(verdict.reason)}`));
  return parts.join('  ');
}
