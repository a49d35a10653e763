/** The loss over the steps of a run, as a plot of text. Pure. */
import asciichart from 'asciichart';
import type { StepSpan } from '../../../store/index.ts';

const HEIGHT = 8;
const LABEL_WIDTH = 8;
/** Of asciichart, between a label and the first point. */
const AXIS_WIDTH = 2;

/** Undefined when fewer than two spans have a finite loss: no line can be drawn. */
export function lossPlot(curve: readonly StepSpan[], width: number): string | undefined {
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
  return ['loss per step (mean −log p per token, in nats)', ...lines, axis].join('\n');
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
