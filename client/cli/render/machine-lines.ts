/** What costs money, in words. Pure. */
import { UNMARKED, whoseText, type Machine, type UnknownMachine } from '../../../domain/words/machines.ts';
import { table } from './tables.ts';
import { oneLine } from './text.ts';

export function machineTable(machines: readonly Machine[]): string {
  const rows = machines.map(({ kind, id, runId, holder, since, kept, state, costPerHour, currency = '', platform }) => [
    id,
    kind,
    `${holder ?? runId}${kept ? ' (kept)' : ''}`,
    since,
    costPerHour === undefined ? '?' : `${costPerHour} ${currency}/h`,
    oneLine(state ?? `not asked (${platform ?? 'its platform is not known'})`),
  ]);
  return table(['ID', 'KIND', 'WHOSE', 'SINCE', 'RATE', 'STATE'], rows);
}

export function unknownLines(machines: readonly UnknownMachine[]): string[] {
  return machines.map(
    ({ kind, id, holder, state, inUse, ours, mark = UNMARKED }) =>
      `${kind} ${id}: ${oneLine(state)}; ${ours ? fateText(holder, inUse) : `it ${whoseText(mark)}`}`,
  );
}

function fateText(holder: string, inUse: boolean): string {
  return inUse ? `${holder} goes on, and returns it itself` : `${holder} is over`;
}
