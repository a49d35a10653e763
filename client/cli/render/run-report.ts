/** A run to read: the table of its checkpoints, the loss over its steps, how it ended and what to do next. Pure. */
import { changeText } from '../../../domain/spec/spec-changes.ts';
import type { BranchPoint } from '../../../domain/words/branches.ts';
import { liveChangeText } from '../../../domain/words/live-changes.ts';
import { startText } from '../../../domain/words/start-from.ts';
import { isOver, type RunDetails } from '../../runs/run-view.ts';
import { branchLines } from './branch-lines.ts';
import type { Colours } from './colours.ts';
import { experimentText } from './experiment-lines.ts';
import { lossName, lossPlot } from './loss-plot.ts';
import { rewindLines } from './rewind-lines.ts';
import { appraisalLines } from './serving-lines.ts';
import { activityText, waitingText } from './run-lines.ts';
import { metricsLine, validationLine } from './step-metrics.ts';
import { suiteTable } from './suite-table.ts';
import { checkpointTable, comparisonTable } from './tables.ts';
import { oneLine } from './text.ts';
import { warningLines } from './warning-lines.ts';

/** Wider plots show no more of a loss. */
const MAX_PLOT_WIDTH = 100;

export function runReport(run: RunDetails, colours: Colours, columns: number): string {
  // What all others are compared with is worth its line, also where it is long ago.
  const checkpoints = [...run.landmarks, ...run.checkpoints].toSorted(
    (one, other) => one.checkpoint.step - other.checkpoint.step,
  );
  const parts = [
    warnings(run, colours),
    checkpoints.length === 0 ? undefined : checkpointTable(checkpoints, columns),
    earlierLine(run),
    suiteTable(checkpoints, columns),
    comparisonTable(checkpoints, columns),
    lossPlot(run.curve, Math.min(columns, MAX_PLOT_WIDTH), run.stored && lossName(run.stored.spec)),
    metricsLine(run.steps),
    validationLine(checkpoints),
    rewinds(run),
    run.branches && branchLines(run.branches, columns),
    run.appraisals.length === 0 ? undefined : appraisalLines(run.appraisals).join('\n'),
    experiment(run, colours),
    [outcomeLine(run, colours), ...notes(run, colours)].join('\n'),
  ];
  return parts.filter((part) => part !== undefined).join('\n\n');
}

function warnings({ runId, events }: RunDetails, colours: Colours): string | undefined {
  const lines = warningLines(runId, events, colours);
  return lines.length === 0 ? undefined : lines.join('\n');
}

/** What is not told by defaults. */
function experiment({ stored }: RunDetails, colours: Colours): string | undefined {
  if (stored === undefined) return undefined;
  const lines = experimentText(stored.spec).split('\n');
  return ['experiment', ...lines.map((line) => colours.dim(`  ${line}`))].join('\n');
}

/** How to see those that are not shown. */
function earlierLine({ runId, checkpoints, checkpointCount }: RunDetails): string | undefined {
  const left = checkpointCount - checkpoints.length;
  const [first] = checkpoints;
  if (left <= 0 || first === undefined) return undefined;
  const more = `${left} of ${checkpointCount} checkpoints are not on this page`;
  return `${more}: pawl show ${runId} --before ${first.checkpoint.name}`;
}

function rewinds(run: RunDetails): string | undefined {
  const lines = rewindLines(run.rewinds, run.stored?.spec.prices.currency ?? '');
  return lines.length === 0 ? undefined : lines.join('\n');
}

/** `pronounce-1a2b3c4d finished: … (trainer …, deployment …)`: the run's own last words where it had any. */
function outcomeLine(run: RunDetails, colours: Colours): string {
  if (!isOver(run.outcome)) return `${colours.strong(run.runId)} ${colours.live(activityText(run))}`;
  const reason = oneLine(run.reason ?? '');
  const words = lastWords(run) ?? `${run.outcome}${reason === '' ? '' : `: ${reason}`}`;
  const colour = run.outcome === 'finished' ? colours.good : colours.bad;
  return `${colours.strong(run.runId)} ${colour(words)}`;
}

/** The event in which the run told what it released; worth more than Temporal's word, if they agree. */
function lastWords(run: RunDetails): string | undefined {
  const ended = run.events.findLast(({ key }) => key === 'ended')?.message;
  return ended?.startsWith(run.outcome) === true ? oneLine(ended) : undefined;
}

function notes(run: RunDetails, colours: Colours): string[] {
  const lines: string[] = [];
  if (run.waiting !== undefined) lines.push(colours.warn(waitingText(run.waiting)));
  const { parent, plan } = run.stored ?? {};
  lines.push(...originLines(run), ...changeLines(run, colours));
  if (plan !== undefined) {
    lines.push(`data ${shortHash(plan.dataset)} (${plan.examples} examples), prompt set ${shortHash(plan.promptSet)}`);
  }
  const commands = isOver(run.outcome) ? ['show', 'logs'] : ['show', 'logs', 'stop'];
  if (run.checkpoints.some(({ evaluation }) => evaluation !== undefined)) commands.splice(1, 0, 'samples');
  if (parent !== undefined || run.branches !== undefined) commands.push('log --graph');
  lines.push(colours.dim(`next: ${commands.map((command) => `pawl ${command} ${run.runId}`).join(', ')}`));
  return lines;
}

/** Where its weights come from, if not from its base model. */
function originLines({ stored }: RunDetails): string[] {
  if (stored?.parent !== undefined) return [branchText(stored.parent)];
  const start = stored?.plan?.startFrom;
  return start === undefined ? [] : [oneLine(`begins with ${startText(start)}`)];
}

/** What was set while it ran, and what waits for its next saved state. */
function changeLines({ changes, status }: RunDetails, colours: Colours): string[] {
  const waiting = (status?.asked ?? []).map(
    (asked) => `asked for, from the next saved state on: ${changeText(asked)}, by ${asked.by}`,
  );
  return [
    ...changes.map((change) => oneLine(liveChangeText(change))),
    ...waiting.map((line) => colours.live(oneLine(line))),
  ];
}

function branchText({ runId, step, changes }: BranchPoint): string {
  const what = changes.length === 0 ? 'nothing changed' : changes.map(changeText).join(', ');
  return oneLine(`branch of ${runId} at step ${step}: ${what}`);
}

function shortHash(hash: string): string {
  return hash.slice(0, 12);
}
