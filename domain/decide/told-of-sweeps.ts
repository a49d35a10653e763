/** What people are told of a sweep. Pure. */
import type { Announcement } from '../words/announcements.ts';
import type { SweepReport } from '../words/sweep-workflow.ts';

/** One that goes on, or rests, is nothing that anybody waits for. */
export function toldOfSweep({ sweepId, outcome, reason, best, winner }: Omit<SweepReport, 'trials'>): Announcement[] {
  if (outcome !== 'finished' && outcome !== 'failed' && outcome !== 'cancelled') return [];
  const found = best === undefined ? '' : `; the best is trial ${best.number}, ${best.runId}@${best.checkpoint}`;
  const won =
    winner === undefined ? '' : `; the winner is trial ${winner.number}, ${winner.runId}@${winner.checkpoint}`;
  return [
    {
      kind: 'sweep.finished',
      subject: { kind: 'sweep', id: sweepId },
      ordinal: 'end',
      title: `${sweepId} ${outcome}: ${reason}${found}${won}`,
      data: {
        outcome,
        reason,
        ...(best !== undefined && { best: best.runId, checkpoint: best.checkpoint, score: best.score }),
        ...(winner !== undefined && { winner: winner.runId, winnerCheckpoint: winner.checkpoint }),
      },
    },
  ];
}
