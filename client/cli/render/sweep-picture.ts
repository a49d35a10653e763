/** Scores of a sweep's trials over the parameter that tells most of them, as a plot of text. Pure. */
import asciichart from 'asciichart';
import { importances, type ScoredPoint } from '../../../domain/decide/search/importance.ts';
import { distributionOf, type ParameterSpec } from '../../../domain/spec/search-space.ts';
import { shortValue } from './format.ts';

const HEIGHT = 8;
const LABEL_WIDTH = 8;
/** Of asciichart, between a label and the first point. */
const AXIS_WIDTH = 2;
const MOST_COLUMNS = 60;

interface Pictured {
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  readonly points: readonly ScoredPoint[];
  readonly width: number;
  readonly scoreText: (score: number) => string;
}

/** Nothing where too few trials have a score, or none of the parameters tells anything. */
export function sweepPicture({ parameters, points, width, scoreText }: Pictured): string[] {
  const [most] = importances(points);
  if (most === undefined || most.share === 0) return [];
  const { name, share } = most;
  const told = `what tells most of the scores: ${name}, ${Math.round(100 * share)} % of their ranks`;
  const having = points.filter((point) => name in point.parameters);
  const numeric = having.every((point) => typeof point.parameters[name] === 'number');
  if (!numeric) return [told, ...valueLines(having, name, scoreText)];
  const log = distributionOf(parameters[name] ?? {}).includes('log');
  return [told, ...plotLines(having, { name, log, width, scoreText })];
}

function valueLines(points: readonly ScoredPoint[], name: string, scoreText: Pictured['scoreText']): string[] {
  const byValue = new Map<string, number[]>();
  for (const { parameters, score } of points) {
    const value = shortValue(parameters[name]);
    byValue.set(value, [...(byValue.get(value) ?? []), score]);
  }
  const width = Math.max(...[...byValue.keys()].map(({ length }) => length));
  return [...byValue].map(
    ([value, scores]) => `  ${value.padEnd(width)}  ${scoreText(meanOf(scores))}, mean of ${scores.length}`,
  );
}

interface Plotted extends Pick<Pictured, 'width' | 'scoreText'> {
  readonly name: string;
  readonly log: boolean;
}

/** A column is the mean of the trials that lie there; between them the line is straight. */
function plotLines(points: readonly ScoredPoint[], { name, log, width, scoreText }: Plotted): string[] {
  const placeOf = ({ parameters }: ScoredPoint): number => {
    const value = Number(parameters[name]);
    return log ? Math.log(value) : value;
  };
  const places = points.map(placeOf);
  const [least, most] = [Math.min(...places), Math.max(...places)];
  const columns = Math.max(2, Math.min(MOST_COLUMNS, width - LABEL_WIDTH - AXIS_WIDTH));
  const scores = Array.from({ length: columns }, (): number[] => []);
  for (const point of points) {
    const column = most > least ? Math.round(((placeOf(point) - least) / (most - least)) * (columns - 1)) : 0;
    scores[column]?.push(point.score);
  }
  const plot = asciichart.plot(joined(scores.map(meanOf)), {
    height: HEIGHT,
    format: (value) => scoreText(value).padStart(LABEL_WIDTH),
  });
  const [from, to] = [least, most].map((place) => shortValue(log ? Math.exp(place) : place)) as [string, string];
  const gap = ' '.repeat(Math.max(1, columns - from.length - to.length));
  return [
    ...plot.split('\n').map((line) => line.trimEnd()),
    `${' '.repeat(LABEL_WIDTH + AXIS_WIDTH)}${from}${gap}${to}`,
  ];
}

/** NaN of none. */
function meanOf(scores: readonly number[]): number {
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** The first and the last are known: a trial lies at either end. */
function joined(values: readonly number[]): number[] {
  const filled = [...values];
  let last = 0;
  for (let index = 1; index < filled.length; index++) {
    const value = filled[index] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const start = filled[last] ?? value;
    for (let at = last + 1; at < index; at++) filled[at] = start + ((value - start) * (at - last)) / (index - last);
    last = index;
  }
  return filled.slice(0, last + 1);
}
