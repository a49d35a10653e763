/** Which of several branches goes on: a pure function of what they scored. */
import type { TriedBranch } from '../words/branches.ts';
import type { RunSpec } from '../spec/spec.ts';
import { gain } from './policy-scores.ts';
import { amount } from './policy-text.ts';

type Direction = RunSpec['policy']['direction'];

export interface Choice {
  readonly chosen?: string;
  readonly reason: string;
}

/** Nothing more of it will change the choice: it had its trial, or it is over. */
export function settled({ evaluated, ended }: TriedBranch, trial: number): boolean {
  return evaluated >= trial || ended !== undefined;
}

/** The best, the first of equals; none that failed, and none without a score. */
export function chooseBranch(direction: Direction, branches: readonly TriedBranch[]): Choice {
  const winner = branches.reduce<Scored | undefined>((best, candidate) => {
    if (!eligible(candidate)) return best;
    return best === undefined || gain(direction, best.score.score, candidate.score.score) > 0 ? candidate : best;
  }, undefined);
  if (winner === undefined) return { reason: `no branch goes on: ${branches.map(fateText).join('; ')}` };
  const others = branches.filter(({ runId }) => runId !== winner.runId).map(fateText);
  const against = others.length === 0 ? '' : `, against ${others.join(' and ')}`;
  return { chosen: winner.runId, reason: `${winner.runId} goes on: ${scoreText(winner)}${against}` };
}

/** What a branch is told that has to stop for another one. A better score is no proof, and is not called one. */
export function lossReason(winner: TriedBranch, loser: TriedBranch, trial: number): string {
  const equal = winner.score?.score === loser.score?.score;
  const verdict = equal ? 'scored as well, and came first' : 'scored better';
  const trials = trial === 1 ? 'evaluation' : 'evaluations';
  return `branch ${winner.runId} ${verdict}: ${scoreText(winner)} against ${bareScore(loser)}, after ${trial} ${trials}`;
}

type Scored = TriedBranch & { readonly score: NonNullable<TriedBranch['score']> };

function eligible(branch: TriedBranch): branch is Scored {
  return branch.score !== undefined && (branch.ended === undefined || branch.ended === 'finished');
}

function fateText(branch: TriedBranch): string {
  const { runId, ended } = branch;
  const fate = ended === undefined || ended === 'finished' ? '' : ` (${ended})`;
  return `${bareScore(branch)} of ${runId}${fate}`;
}

function scoreText(branch: TriedBranch): string {
  return branch.score === undefined ? bareScore(branch) : `${branch.score.metric} ${bareScore(branch)}`;
}

/** Where the metric is known already. */
function bareScore({ score }: TriedBranch): string {
  return score === undefined ? 'no score' : `${amount(score, score.score)} at step ${score.step}`;
}
