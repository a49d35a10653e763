/** A curve as a picture: SVG that needs no script, no font and no network. */
import { escapeXml } from './escape.ts';
import type { Curve, Point } from './document.ts';

const WIDTH = 720;
const HEIGHT = 240;
const LEFT = 64;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 32;
const TICKS = 4;

/** Undefined: fewer than two points make no curve. */
export function curveSvg({ title, xName, points, format }: Curve): string | undefined {
  const drawn = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  if (drawn.length < 2) return undefined;
  const xs = rangeOf(drawn.map(({ x }) => x));
  const ys = rangeOf(drawn.flatMap(({ y, low = y, high = y }) => [y, low, high]).filter((y) => Number.isFinite(y)));
  const px = (x: number): number => LEFT + ((x - xs.low) / (xs.high - xs.low)) * (WIDTH - LEFT - RIGHT);
  const py = (y: number): number => TOP + ((ys.high - y) / (ys.high - ys.low)) * (HEIGHT - TOP - BOTTOM);
  const line = drawn.map(({ x, y }) => `${round(px(x))},${round(py(y))}`).join(' ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" font-family="sans-serif" font-size="11">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...ticks(ys).map((y) => gridLine(round(py(y)), format(y))),
    ...ticks(xs).map((x) => xLabel(round(px(x)), String(Math.round(x)))),
    `<text x="${WIDTH - RIGHT}" y="${HEIGHT - 4}" text-anchor="end" fill="#555">${escapeXml(xName)}</text>`,
    ...drawn.flatMap((point) => interval(point, px, py)),
    `<polyline points="${line}" fill="none" stroke="#1f5fa8" stroke-width="1.6"/>`,
    ...(drawn.length <= 60
      ? drawn.map(({ x, y }) => `<circle cx="${round(px(x))}" cy="${round(py(y))}" r="2.6" fill="#1f5fa8"/>`)
      : []),
    '</svg>',
  ].join('');
}

function interval({ x, low, high }: Point, px: (x: number) => number, py: (y: number) => number): string[] {
  if (low === undefined || high === undefined || !Number.isFinite(low) || !Number.isFinite(high)) return [];
  const at = round(px(x));
  return [
    `<line x1="${at}" x2="${at}" y1="${round(py(low))}" y2="${round(py(high))}" stroke="#9bbbe0" stroke-width="3"/>`,
  ];
}

function gridLine(y: number, label: string): string {
  return (
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="#e3e3e3"/>` +
    `<text x="${LEFT - 6}" y="${y + 4}" text-anchor="end" fill="#555">${escapeXml(label)}</text>`
  );
}

function xLabel(x: number, label: string): string {
  return `<text x="${x}" y="${HEIGHT - BOTTOM + 14}" text-anchor="middle" fill="#555">${escapeXml(label)}</text>`;
}

/** A line that is level stands in the middle. */
function rangeOf(values: readonly number[]): { low: number; high: number } {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  if (high > low) return { low, high };
  const reach = Math.abs(low) * 0.05 || 0.5;
  return { low: low - reach, high: high + reach };
}

function ticks({ low, high }: { low: number; high: number }): number[] {
  return Array.from({ length: TICKS + 1 }, (_, index) => low + ((high - low) * index) / TICKS);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
