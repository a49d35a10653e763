/** How far a plan is: in every heartbeat, and, where it takes long, among the run's events. */
import type { ImportProgress } from '../data/import-dataset.ts';
import { rememberForRetry } from '../guard.ts';
import type { RunEvent } from '../../store/index.ts';

/** A plan that is done by then has nothing to tell. */
const SILENT_MS = 20_000;
const TENTHS = 10;

/** An event for each tenth: told again by another attempt, it is the same event. */
export function progressOf(
  tell: (event: Pick<RunEvent, 'key' | 'level' | 'message'>) => Promise<void>,
): (progress: ImportProgress) => void {
  const startedMs = Date.now();
  let toldTenths = 0;
  return ({ ranges, of, examples }) => {
    const percent = Math.floor((100 * ranges) / of);
    rememberForRetry({ planned: { percent, examples } });
    const tenths = Math.floor(percent / TENTHS);
    if (tenths <= toldTenths || ranges === of || Date.now() - startedMs < SILENT_MS) return;
    toldTenths = tenths;
    const message = `data.train: ${percent} % tokenized, ${examples} examples so far`;
    // What cannot be told now is told by the next tenth.
    tell({ key: `planned/${tenths}`, level: 'info', message }).catch(() => undefined);
  };
}
