/** One event of a run's log as a line. Pure. */
import type { RunEvent } from '../../../store/index.ts';
import type { Colours } from './colours.ts';
import { oneLine } from './text.ts';

const LEVEL_COLOUR = { info: 'dim', warn: 'warn', error: 'bad' } as const;

/** `2026-11-23T16:30:00.000Z info  train       saved step-000100-g1: …` */
export function eventLine({ at, level, phase, message }: RunEvent, colours: Colours): string {
  const colour = colours[LEVEL_COLOUR[level]];
  return `${at} ${colour(level.padEnd('error'.length))} ${phase.padEnd('checkpoint'.length)}  ${oneLine(message)}`;
}
