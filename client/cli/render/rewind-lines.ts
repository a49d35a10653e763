/** How often a run went back, why, and what that cost: a line per rewind and a total. Pure. */
import type { StoredRewind } from '../../../store/index.ts';
import { durationText } from './format.ts';
import { oneLine } from './text.ts';

/** Nothing for a run that never went back. */
export function rewindLines(rewinds: readonly StoredRewind[], currency: string): string[] {
  if (rewinds.length === 0) return [];
  const lines = rewinds.map(
    ({ generation, fromStep, toStep, cause, ...lost }) =>
      `rewound from step ${fromStep} to ${toStep}, generation ${generation}: ${oneLine(cause)} (${lostText(lost, currency)})`,
  );
  const total = {
    seconds: rewinds.reduce((sum, { seconds }) => sum + seconds, 0),
    cost: rewinds.reduce((sum, { cost }) => sum + cost, 0),
  };
  return [...lines, `${rewinds.length === 1 ? '1 rewind' : `${rewinds.length} rewinds`}: ${lostText(total, currency)}`];
}

/** Without prices there is no money to speak of. */
function lostText({ seconds, cost }: { seconds: number; cost: number }, currency: string): string {
  const money = cost > 0 ? ` and ${cost.toFixed(2)} ${currency}` : '';
  return `lost ${durationText(seconds)}${money}`;
}
