/** The doctor's findings, one line each, with what to do below. Pure. */
import type { Check } from '../../local/finding.ts';
import type { Colours } from './colours.ts';
import { oneLine } from './text.ts';

const MARK = { ok: '✓', warn: '!', fail: '✗' } as const;
const COLOUR = { ok: 'good', warn: 'warn', fail: 'bad' } as const;

export function checkLines(checks: readonly Check[], colours: Colours): string[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks.flatMap(({ name, status, detail, remedy }) => {
    const line = `${colours[COLOUR[status]](MARK[status])} ${name.padEnd(width)}  ${oneLine(detail)}`;
    return remedy === undefined ? [line] : [line, `  ${' '.repeat(width)}  → ${oneLine(remedy)}`];
  });
}
