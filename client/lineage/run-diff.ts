/** Two runs compared: their experiments, what their plans pinned, and what came of it at the steps that both have. */
import { compareEvaluations } from './compare.ts';
import { spread } from './spread.ts';
import type { Comparison, StepNumbers, StoreReader, StoredCheckpoint, StoredRun } from '../../store/index.ts';
import { withLiveChanges } from '../../domain/spec/live-settings.ts';
import { fieldChanges } from '../../domain/spec/spec-changes.ts';
import { MAIN_SUITE } from '../../domain/words/names.ts';
import type { BranchPoint } from '../../domain/words/branches.ts';
import type { SpecChange } from '../../domain/spec/spec-changes.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { Plan } from '../../domain/words/plan.ts';

/** More say no more of two curves. */
const LOSSES = 1_000;
const SCORES = 50;

interface LossAtStep {
  readonly step: number;
  readonly before: number;
  readonly after: number;
}

export interface ScoresAtStep {
  readonly suite: string;
  readonly step: number;
  readonly before: Evaluation;
  readonly after: Evaluation;
  /** After minus before, prompt by prompt; absent: they were asked or graded differently. */
  readonly difference?: Comparison;
}

export interface RunDiff {
  readonly before: { readonly runId: string; readonly parent?: BranchPoint };
  readonly after: { readonly runId: string; readonly parent?: BranchPoint };
  readonly spec: readonly SpecChange[];
  /** Of what the plans pinned by hash; absent: one of them was never planned. */
  readonly data?: readonly SpecChange[];
  /** How many steps both trained. */
  readonly commonSteps: number;
  /** Of them, at most a thousand, evenly. */
  readonly losses: readonly LossAtStep[];
  /** Of each suite the steps at which both were evaluated: at most fifty, evenly, since each comparison is computed anew. */
  readonly scores: readonly ScoresAtStep[];
}

export async function diffRuns(reader: StoreReader, beforeId: string, afterId: string): Promise<RunDiff> {
  const [before, after] = await Promise.all([readSide(reader, beforeId), readSide(reader, afterId)]);
  const { common, losses } = lossPairs(before.steps, after.steps);
  const plans = [before.run.plan, after.run.plan] as const;
  const scores: ScoresAtStep[] = [];
  for (const pair of scorePairs(before.checkpoints, after.checkpoints)) {
    const difference = await compareEvaluations(reader, pair.before, pair.after);
    scores.push({ ...pair, ...(difference !== undefined && { difference }) });
  }
  return {
    before: origin(before.run),
    after: origin(after.run),
    spec: fieldChanges(before.run.spec, after.run.spec),
    ...(plans[0] !== undefined && plans[1] !== undefined && { data: fieldChanges(pinned(plans[0]), pinned(plans[1])) }),
    commonSteps: common,
    losses,
    scores,
  };
}

interface Side {
  readonly run: StoredRun;
  readonly steps: StepNumbers;
  readonly checkpoints: readonly StoredCheckpoint[];
}

async function readSide(reader: StoreReader, runId: string): Promise<Side> {
  const [stored, changes, steps, checkpoints] = await Promise.all([
    reader.getRun(runId),
    reader.specChanges(runId),
    reader.stepNumbers(runId),
    reader.checkpointReports(runId),
  ]);
  return { run: { ...stored, spec: withLiveChanges(stored.spec, changes) }, steps, checkpoints };
}

function origin({ runId, parent }: StoredRun): RunDiff['before'] {
  return { runId, ...(parent !== undefined && { parent }) };
}

/** By what a person calls it. */
function pinned(plan: Plan): Readonly<Record<string, string | number>> {
  const { dataset, examples, examplesDropped, shape, baseModel, objectiveModule, promptSet, prompts } = plan;
  const main = { name: MAIN_SUITE, promptSet, prompts, graderModule: plan.graderModule };
  const suites: Record<string, string> = {};
  for (const { name, graderModule, ...set } of [main, ...(plan.suites ?? [])]) {
    suites[`prompts of ${name}`] = `${set.prompts} in ${set.promptSet}`;
    if (graderModule !== undefined) suites[`grader of ${name}`] = graderModule;
  }
  return {
    'training data': dataset,
    examples,
    'examples dropped': examplesDropped,
    ...suites,
    'base model': baseModel,
    shape: shape.reference,
    ...(objectiveModule !== undefined && { objective: objectiveModule }),
  };
}

/** How many steps both trained, and the losses of some of them. */
function lossPairs(before: StepNumbers, after: StepNumbers): { common: number; losses: LossAtStep[] } {
  const common: { readonly row: number; readonly other: number }[] = [];
  for (let [row, other] = [0, 0]; row < before.step.length && other < after.step.length;) {
    const ahead = (before.step[row] ?? 0) - (after.step[other] ?? 0);
    if (ahead === 0) common.push({ row, other });
    if (ahead <= 0) row += 1;
    if (ahead >= 0) other += 1;
  }
  const losses = spread(common, LOSSES).map(({ row, other }) => ({
    step: before.step[row] ?? Number.NaN,
    before: before.lossMean[row] ?? Number.NaN,
    after: after.lossMean[other] ?? Number.NaN,
  }));
  return { common: common.length, losses };
}

/** Of each suite, the steps at which both were evaluated; of several evaluations at one step the last. */
function scorePairs(
  before: readonly StoredCheckpoint[],
  after: readonly StoredCheckpoint[],
): Omit<ScoresAtStep, 'difference'>[] {
  const [known, found] = [bySuite(before), bySuite(after)];
  return [...found].flatMap(([suite, evaluations]) => {
    const pairs = [...evaluations].flatMap(([step, evaluation]) => {
      const other = known.get(suite)?.get(step);
      return other === undefined ? [] : [{ suite, step, before: other, after: evaluation }];
    });
    return spread(pairs, SCORES);
  });
}

function bySuite(rows: readonly StoredCheckpoint[]): Map<string, Map<number, Evaluation>> {
  const suites = new Map<string, Map<number, Evaluation>>();
  for (const { evaluation, suites: further = [] } of rows) {
    for (const each of evaluation === undefined ? further : [evaluation, ...further]) {
      const name = each.suite ?? MAIN_SUITE;
      suites.set(name, (suites.get(name) ?? new Map<number, Evaluation>()).set(each.step, each));
    }
  }
  return suites;
}
