/** The numbers that were told of a step, or of a checkpoint, as a line. Pure. */
import type { StepMetrics } from '../../../domain/words/training.ts';
import type { StoredCheckpoint } from '../../../store/index.ts';
import { oneLine } from './text.ts';

/** More are in `--output json`. */
const MOST_SHOWN = 8;

/** `metrics of step 40: logprob:mean -1.234, grad_norm 0.5`, of the last step that any were told of. Undefined: none was. */
export function metricsLine(steps: readonly StepMetrics[]): string | undefined {
  const last = steps.findLast(({ metrics }) => metrics !== undefined && Object.keys(metrics).length > 0);
  if (last?.metrics === undefined) return undefined;
  return `metrics of step ${last.step}: ${shownOf(last.metrics)}`;
}

/** `validation of step 40, 20 rows: loss 0.61, rewards/margins 0.2`, of the last checkpoint that has one. */
export function validationLine(checkpoints: readonly StoredCheckpoint[]): string | undefined {
  const last = checkpoints.findLast(({ checkpoint }) => checkpoint.validation !== undefined)?.checkpoint;
  if (last?.validation === undefined) return undefined;
  const { loss, rows, metrics = {} } = last.validation;
  return `validation of step ${last.step}, ${rows} rows: ${shownOf({ loss, ...metrics })}`;
}

function shownOf(metrics: Readonly<Record<string, number>>): string {
  const all = Object.entries(metrics);
  const shown = all.slice(0, MOST_SHOWN).map(([name, value]) => `${oneLine(name)} ${fourDigits(value)}`);
  const more = all.length > MOST_SHOWN ? [`and ${all.length - MOST_SHOWN} more`] : [];
  return [...shown, ...more].join(', ');
}

/** `0.5` and not `0.5000`: trailing zeros would claim digits that nobody told. */
function fourDigits(value: number): string {
  const text = value.toPrecision(4);
  return text.includes('e') ? text : String(Number(text));
}
