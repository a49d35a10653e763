/**
 * What may interrupt what: the states of a run, and what becomes of it in each when somebody, or its budget, asks for
 * something. One table, for the workflow that obeys it, for the words that people are told, and for docs/run.md.
 */

/** Where a run stands. What is rented, and so costs money, is rented in `waiting`, `live`, `finishing` and at first in `parked`. */
export type Standing = 'planned' | 'waiting' | 'live' | 'paused' | 'parked' | 'finishing' | 'ended';

type Asked = 'stop' | 'pause' | 'resume' | 'budget' | 'cancel';

/** What becomes of the run: `ends` at once, with what was evaluated last; `finishes` in good order; `rests` without machines. */
type Effect = 'ends' | 'finishes' | 'rests' | 'goes on' | 'nothing';

export const EFFECTS: Readonly<Record<Standing, Readonly<Record<Asked, Effect>>>> = {
  planned: { stop: 'ends', pause: 'rests', resume: 'nothing', budget: 'nothing', cancel: 'ends' },
  waiting: { stop: 'ends', pause: 'rests', resume: 'nothing', budget: 'ends', cancel: 'ends' },
  live: { stop: 'finishes', pause: 'rests', resume: 'nothing', budget: 'finishes', cancel: 'ends' },
  paused: { stop: 'finishes', pause: 'nothing', resume: 'goes on', budget: 'nothing', cancel: 'ends' },
  parked: { stop: 'ends', pause: 'rests', resume: 'nothing', budget: 'ends', cancel: 'ends' },
  finishing: { stop: 'nothing', pause: 'nothing', resume: 'nothing', budget: 'ends', cancel: 'ends' },
  ended: { stop: 'nothing', pause: 'nothing', resume: 'nothing', budget: 'nothing', cancel: 'nothing' },
};

/** What interrupts a run that stands there, of what comes by itself or by a message. */
export function interruptsOf(standing: Standing): readonly Interrupt[] {
  return INTERRUPTS.filter((asked) => EFFECTS[standing][asked] !== 'nothing');
}

export type Interrupt = Extract<Asked, 'stop' | 'pause' | 'budget'>;

const INTERRUPTS: readonly Interrupt[] = ['stop', 'pause', 'budget'];

/**
 * How long work in hand may take to its end once something interrupts it, in milliseconds: a window is let finish, and
 * what hangs is given up. By the table, nothing in hand is worth the wait where the run `ends`.
 */
export function graceMs(
  interrupt: Interrupt,
  { expectedMs }: { /** How long such work usually takes; absent: nobody knows. */ expectedMs?: number | undefined },
): number {
  // A budget that is spent buys no second try; a person may want to see the end of something slow.
  const { unknown, most } =
    interrupt === 'budget' ? { unknown: LEAST_MS, most: BUDGET_MS } : { unknown: UNKNOWN_MS, most: MOST_MS };
  return Math.min(Math.max(expectedMs === undefined ? unknown : expectedMs * 3, LEAST_MS), most);
}

const LEAST_MS = 15_000;
const UNKNOWN_MS = 60_000;
const BUDGET_MS = 30 * 60_000;
const MOST_MS = 10 * 60_000;
