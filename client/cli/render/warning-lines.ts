/** What went wrong or might mislead, of a run's events: the newest of each kind, with how often it was. Pure. */
import type { RunEvent } from '../../../store/index.ts';
import type { Colours } from './colours.ts';
import { oneLine } from './text.ts';

/** More are in the log. */
const KINDS_SHOWN = 6;

export function warningLines(runId: string, events: readonly RunEvent[], colours: Colours): string[] {
  const kinds = new Map<string, { times: number; last: RunEvent }>();
  for (const event of events) {
    if (event.level === 'info') continue;
    const kind = event.key.startsWith('data/') ? event.key : event.key.replace(/\/.*$/, '');
    const times = (kinds.get(kind)?.times ?? 0) + 1;
    kinds.delete(kind);
    kinds.set(kind, { times, last: event });
  }
  const newest = [...kinds.values()].reverse();
  const lines = newest.slice(0, KINDS_SHOWN).map(({ times, last }) => {
    const again = times === 1 ? '' : ` (${times} times, this is the last)`;
    const colour = last.level === 'error' ? colours.bad : colours.warn;
    return colour(`! ${oneLine(last.message)}${again}`);
  });
  const left = newest.length - lines.length;
  return left > 0 ? [...lines, colours.warn(`! ${left} more kinds of warning: pawl logs ${runId}`)] : lines;
}
