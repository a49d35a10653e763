/** The loss over the steps of a run, as a plot of text. Pure. */
import asciichart from 'asciichart';
import type { RunSpec } from '../../../domain/spec/spec.ts';
import type { StepSpan } from '../../../store/index.ts';

const HEIGHT = 8;
const LABEL_WIDTH = 8;
/** Of asciichart, between a label and the first point. */
const AXIS_WIDTH = 2;

const CROSS_ENTROPY = 'mean −log p per token, in nats';

/** `of`: what the loss is. Undefined when fewer than two spans have a finite loss: no line can be drawn. */
export function lossPlot(curve: readonly StepSpan[], width: number, of = CROSS_ENTROPY): string | undefined {
  const finite = curve.filter(({ lossMean }) => lossMean !== undefined);
  const [first, last] = [finite.at(0), finite.at(-1)];
  if (first === undefined || last === undefined || finite.length < 2) return undefined;
  const points = Math.max(2, width - LABEL_WIDTH - AXIS_WIDTH);
  const series = resample(
    finite.map(({ lossMean }) => lossMean?.mean ?? Number.NaN),
    points,
  );
  const plot = asciichart.plot(series, { height: HEIGHT, format: (value) => value.toFixed(3).padStart(LABEL_WIDTH) });
  const [from, to] = [`step ${first.fromStep}`, `step ${last.toStep}`];
  const gap = Math.max(1, series.length - from.length - to.length);
  const axis = `${' '.repeat(LABEL_WIDTH + AXIS_WIDTH)}${from}${' '.repeat(gap)}${to}`;
  const lines = plot.split('\n').map((line) => line.trimEnd());
  return [`loss per step (${of})`, ...lines, axis].join('\n');
}

/** Absent: the trainer's own. */
export function lossName({ loop, train }: Pick<RunSpec, 'loop' | 'train'>): string | undefined {
  if (loop === 'preference') return `${train.preference?.loss ?? 'dpo'}, mean over pairs`;
  const { objective } = train;
  if (objective === undefined || ('name' in objective && objective.name === 'cross_entropy')) return undefined;
  return 'of the objective';
}

/** As many values as there is room for, each the mean of what it stands for; few values are stretched. */
function resample(values: readonly number[], points: number): number[] {
  return Array.from({ length: points }, (_, index) => {
    const from = Math.floor((index * values.length) / points);
    const to = Math.max(from + 1, Math.floor(((index + 1) * values.length) / points));
    const bucket = values.slice(from, to);
    return bucket.reduce((sum, value) => sum + value, 0) / bucket.length;
  });
}
