/**
 * Decides a recorded run again, by the functions that decided it: over the losses of its steps and the evaluations of
 * its checkpoints. Pure.
 */
import type { StoredCheckpoint } from '../../store/index.ts';
import { decideOn } from '../../domain/decide/policy.ts';
import { dueSuites } from '../../domain/words/suites.ts';
import { firstBadOf, stepsLookedBack, type LossColumns } from '../../domain/decide/step-rules.ts';
import { isFinalCheckpoint } from '../../domain/words/names.ts';
import { isLimited, judgeBudget, speaksOfBudget, type Used } from '../../domain/decide/budget.ts';
import { NEW_COURSE, withEvaluation, type Course as Evaluated } from '../../domain/decide/course.ts';
import { judgedEvaluations } from '../../domain/decide/policy-scores.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { Verdict } from '../../domain/words/run.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';

/** What decides. */
export type Rules = Pick<RunSpec, 'policy' | 'budget'>;

/** What is known of the run. */
export interface Recorded {
  readonly spec: RunSpec;
  readonly plan: Pick<Plan, 'suites'>;
  /** Steps that were planned. */
  readonly plannedSteps: number;
  /** In order. */
  readonly steps: LossColumns;
  /** In order. */
  readonly checkpoints: readonly StoredCheckpoint[];
  /** What was used when a step was done. */
  readonly usedAt: (step: number) => Used;
}

export interface ReplayedVerdict {
  readonly step: number;
  readonly checkpoint: string;
  /** Of the suite that the rules judge. */
  readonly evaluation?: Evaluation;
  readonly recorded?: Verdict;
  /** Absent: the run would not have come to this checkpoint. */
  readonly replayed?: Verdict;
  readonly differs: boolean;
}

/** Where the rules end the run. */
interface ReplayedEnd extends Verdict {
  /** Steps that were trained by then. */
  readonly step: number;
  /** The checkpoint that the verdict was on; absent where a step or the budget ended the run. */
  readonly checkpoint?: string;
  /** The weights of that step are not worth keeping. */
  readonly diverged?: true;
}

export interface Replayed {
  readonly verdicts: readonly ReplayedVerdict[];
  /** Absent: they would have gone on beyond what is recorded. */
  readonly end?: ReplayedEnd;
  /** The last step that is recorded. */
  readonly lastStep: number;
}

export function replayPolicy(run: Recorded, rules: Rules): Replayed {
  const reports = decidedCheckpoints(run);
  const first = reports[0]?.checkpoint.step ?? 0;
  const lastStep = Math.max(
    first,
    run.steps.step[run.steps.step.length - 1] ?? 0,
    reports.at(-1)?.checkpoint.step ?? 0,
  );
  const course: Course = { verdicts: [], from: first };
  const so = { own: NEW_COURSE, asked: NEW_COURSE };
  for (const [index, report] of reports.entries()) {
    so.own = further(run.spec.policy, so.own, report);
    so.asked = further(rules.policy, so.asked, report);
    const before = reports[index - 1]?.checkpoint.step ?? 0;
    goOn(run, rules, { report, before, ...so }, course);
  }
  const end = course.end ?? endWithin(run, rules, course, lastStep);
  return { verdicts: course.verdicts, lastStep, ...(end !== undefined && { end }) };
}

/** A checkpoint, and what was known when it was judged: by the run's own policy, and by the one that is asked. */
interface Reached {
  readonly report: StoredCheckpoint;
  /** Step of the checkpoint before it. */
  readonly before: number;
  readonly own: Evaluated;
  readonly asked: Evaluated;
}

function further(policy: RunSpec['policy'], evaluated: Evaluated, report: StoredCheckpoint): Evaluated {
  const [evaluation] = judgedEvaluations(policy, [report]);
  return evaluation === undefined ? evaluated : withEvaluation(policy, evaluated, evaluation);
}

/** How far the rules have brought the run. */
interface Course {
  readonly verdicts: ReplayedVerdict[];
  /** Step of the last checkpoint that it came to. */
  from: number;
  /** A verdict that ends the run when it acts. */
  pending?: ReplayedEnd;
  end?: ReplayedEnd;
}

/** On to this checkpoint, if the run comes to it, and the verdict there. */
function goOn(run: Recorded, rules: Rules, reached: Reached, course: Course): void {
  const { report } = reached;
  const { name, step } = report.checkpoint;
  const end = course.end ?? endWithin(run, rules, course, step);
  const replayed = end === undefined ? verdictOn(run, rules, reached) : verdictAfter(run, reached, end);
  course.verdicts.push(rowOf(rules, report, replayed));
  if (end !== undefined) {
    course.end = end;
    return;
  }
  course.from = step;
  if (replayed !== undefined && endsRun(replayed)) course.pending = { ...replayed, step, checkpoint: name };
}

function endsRun({ kind }: Verdict): boolean {
  return kind === 'stop' || kind === 'branch';
}

/** The final base of a run is evaluated, and not judged. A suite that was only asked at the end had no say before. */
function decidedCheckpoints({ spec, plan, plannedSteps, checkpoints }: Recorded): StoredCheckpoint[] {
  const decided = checkpoints.filter(
    ({ checkpoint, evaluation, verdict }) =>
      !isFinalCheckpoint(checkpoint.name) && (evaluation !== undefined || verdict !== undefined),
  );
  const baseline = decided.find(({ evaluation }) => evaluation !== undefined);
  return decided.map((report) => {
    if (report.suites === undefined) return report;
    const { step } = report.checkpoint;
    const all = report === baseline || step >= plannedSteps;
    const due = dueSuites(spec.evaluate, plan, { step, checkpointEvery: spec.checkpoint.every, all });
    return { ...report, suites: report.suites.filter(({ suite }) => suite !== undefined && due.includes(suite)) };
  });
}

/**
 * What ends the run between two checkpoints. A verdict acts when the next checkpoint is due, where training went on
 * meanwhile; what a step gives away acts at once, and so comes first.
 */
function endWithin(
  run: Recorded,
  rules: Rules,
  { pending, from }: Pick<Course, 'pending' | 'from'>,
  to: number,
): ReplayedEnd | undefined {
  if (pending !== undefined && run.spec.evaluate.mode === 'blocking') return pending;
  const early = endOfSteps(run, rules, { from, to });
  if (early !== undefined) return early;
  return pending === undefined ? undefined : { ...pending, step: to };
}

function endOfSteps(run: Recorded, rules: Rules, { from, to }: { from: number; to: number }): ReplayedEnd | undefined {
  const { step: numbers } = run.steps;
  const [first, end] = [firstAfter(numbers, from), firstAfter(numbers, to)];
  const start = Math.max(0, first - stepsLookedBack(rules.policy));
  const bad = firstBadOf(rules.policy, run.steps, { start, end, fromStep: from + 1 });
  const untilBad = bad === undefined ? end : firstAfter(numbers, bad.step - 1);
  const spent = firstSpent(run, rules.budget, { first, end: untilBad });
  if (spent !== undefined) return { kind: 'stop', ...spent };
  return bad && { kind: 'stop', ...bad, diverged: true };
}

/** The first of these steps after which the budget is used up. */
function firstSpent(
  { steps, usedAt }: Recorded,
  budget: Rules['budget'],
  { first, end }: { first: number; end: number },
): { step: number; reason: string } | undefined {
  if (!isLimited(budget)) return undefined;
  for (let index = first; index < end; index++) {
    const step = steps.step[index] ?? 0;
    const reason = judgeBudget(budget, usedAt(step));
    if (reason !== undefined) return { step, reason };
  }
  return undefined;
}

/** Index of the first step beyond this one; steps are in order. */
function firstAfter(steps: ArrayLike<number>, after: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle] ?? Infinity) <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The verdict on this checkpoint. */
function verdictOn(run: Recorded, rules: Rules, reached: Reached): Verdict | undefined {
  const { report, asked } = reached;
  if (report.evaluation === undefined) return report.verdict;
  // Somebody asked the run to stop: no policy would have prevented it. What the own budget said is said anew.
  const { verdict } = report;
  if (verdict !== undefined && wasTold(run, reached)) {
    if (!speaksOfBudget(verdict.reason) || sameBudget(run.spec.budget, rules.budget)) return verdict;
  }
  const { kind, reason } = decide(run, rules.policy, report, asked);
  return { kind, reason };
}

/** Whether this checkpoint was saved because the run was to end, and its verdict is not the policy's. */
function wasTold(run: Recorded, { report, own }: Reached): boolean {
  return report.verdict?.kind === 'stop' && !endsRun(decide(run, run.spec.policy, report, own));
}

function decide(
  { plannedSteps }: Recorded,
  policy: RunSpec['policy'],
  { checkpoint }: StoredCheckpoint,
  course: Evaluated,
): Verdict {
  return decideOn({ policy, course, checkpoint, steps: plannedSteps });
}

function sameBudget(one: RunSpec['budget'], other: RunSpec['budget']): boolean {
  return one.maxHours === other.maxHours && one.maxCost === other.maxCost && one.maxTokens === other.maxTokens;
}

/** A run that ends for its budget saves and evaluates what it has: at the checkpoint after the end, if it is that. */
function verdictAfter(
  run: Recorded,
  reached: Reached,
  { kind, reason, checkpoint, diverged, step }: ReplayedEnd,
): Verdict | undefined {
  const next = checkpoint === undefined && diverged === undefined && reached.before < step;
  return next && wasTold(run, reached) ? { kind, reason } : undefined;
}

function rowOf({ policy }: Rules, report: StoredCheckpoint, replayed: Verdict | undefined): ReplayedVerdict {
  const { checkpoint, verdict: recorded } = report;
  const evaluation = judgedEvaluations(policy, [report])[0];
  return {
    step: checkpoint.step,
    checkpoint: checkpoint.name,
    ...(evaluation !== undefined && { evaluation }),
    ...(recorded !== undefined && { recorded }),
    ...(replayed !== undefined && { replayed }),
    differs: recorded?.kind !== replayed?.kind,
  };
}
