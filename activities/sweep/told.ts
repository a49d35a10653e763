/** What a sweep's log says of its changes, and of its end. */
import type { Confirmation, SweepPromotion } from '../../domain/words/sweep-winner.ts';
import type { SweepChange, SweepReport } from '../../domain/words/sweep-workflow.ts';

export function changeText({ parameters = {}, stopTrial, by }: SweepChange): string {
  const what = [
    ...Object.entries(parameters).map(([name, parameter]) => `from here on ${name} is ${JSON.stringify(parameter)}`),
    ...(stopTrial === undefined ? [] : [`trial ${stopTrial} is to stop`]),
  ];
  return `${what.join(', ')}, set by ${by}`;
}

export function confirmationText(number: number, confirmation: Confirmation): string {
  if (confirmation.kind === 'failed') {
    return `trial ${number} could not be asked again at ${confirmation.checkpoint}: ${confirmation.reason}`;
  }
  const { checkpoint, score, low, high } = confirmation.scored;
  const interval = `${score.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`;
  return `trial ${number}, asked again at ${checkpoint} on prompts that no trial was chosen by: ${interval}`;
}

export function endText({ outcome, reason, best, winner, promotion }: Omit<SweepReport, 'sweepId' | 'trials'>): string {
  const parts = [
    `${outcome}: ${reason}`,
    ...(best === undefined ? [] : [`the best is trial ${best.number}, ${best.runId}@${best.checkpoint}`]),
    ...(winner === undefined ? [] : [`the winner is trial ${winner.number}, ${winner.runId}@${winner.checkpoint}`]),
    ...(promotion === undefined ? [] : [promotionText(promotion)]),
  ];
  return parts.join('; ');
}

function promotionText({ promotionId, alias, state, reason }: SweepPromotion): string {
  const why = reason === undefined ? '' : `: ${reason}`;
  if (state === 'awaiting-approval') return `${promotionId} waits for approval${why}. pawl approve ${alias}`;
  return `${promotionId} is ${state}${why}`;
}
