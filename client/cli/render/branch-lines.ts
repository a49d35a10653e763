/** Several branches of a run: what each is, what it scored, and which one goes on. Pure. */
import { changeText } from '../../../domain/spec/spec-changes.ts';
import type { BranchesStatus } from '../../../domain/words/branches.ts';
import { scoreText } from './format.ts';
import { table } from './tables.ts';
import { cut, oneLine } from './text.ts';

type Branch = BranchesStatus['branches'][number];

/** The table, and beneath it the choice with its reason. */
export function branchLines(status: BranchesStatus, width: number): string {
  const { checkpoint, trial, reason } = status;
  const rows = status.branches.map((branch) => [
    branch.runId,
    branch.score === undefined ? '-' : scoreText(branch.score),
    fateText(branch, status),
    branch.changes.map(changeText).join(', '),
  ]);
  const metric = status.branches.find(({ score }) => score !== undefined)?.score?.metric ?? 'score';
  const drawn = table([`branches from ${checkpoint}`, `${metric} [95 %]`, 'fate', 'changes'], rows);
  const last = reason === undefined ? `each is tried for ${trial} evaluations; the best goes on` : reason;
  return [...drawn.split('\n').map((line) => cut(line, width)), oneLine(last)].join('\n');
}

function fateText({ runId, evaluated, ended }: Branch, { chosen, reason, trial }: BranchesStatus): string {
  if (runId === chosen) return 'goes on';
  if (ended !== undefined) return oneLine(ended).split(':')[0] ?? ended;
  return reason === undefined ? `tried, ${evaluated} of ${trial}` : 'stopped';
}
