/** Checkpoints served again, in words: rollbacks, reproductions, searches. Pure. */
import type { StoredAppraisal } from '../../../store/index.ts';
import type { Reproduction } from '../../serving/reproduction.ts';
import type { BisectReport, Probe, RollbackReport, ScoreDifference } from '../../../domain/words/serving.ts';
import type { StepMetrics } from '../../../domain/words/training.ts';
import { differenceText, scoreText } from './format.ts';
import { oneLine } from './text.ts';

export function rollbackLines(report: RollbackReport): string[] {
  const { deploymentId, checkpoint, previousIdentity, previousTrainer, loaded, replicas } = report;
  const { length: deltas } = loaded.slice(1);
  const chain = deltas === 0 ? '' : ` and ${deltas} ${deltas === 1 ? 'delta' : 'deltas'}`;
  return [
    `${deploymentId} serves ${checkpoint.name} again (before: ${previousIdentity ?? 'its original weights, or several'})`,
    ...(previousTrainer === undefined ? [] : [`linked to the trainer that saved it; before, to ${previousTrainer}`]),
    `loaded its base${chain}: ${loaded.map(({ identity }) => identity).join(' → ')}`,
    ...replicas.map(
      ({ ready, identity = 'its original weights' }, index) =>
        `replica ${index + 1} of ${replicas.length} reports ${identity}${ready ? '' : ', not ready'}`,
    ),
  ];
}

export function reproductionLines({ before, after, answers, difference, greedy, reproduced }: Reproduction): string[] {
  const { pairs, identical, unpaired, maxLogprobDifference } = answers;
  return [
    `before  ${before.metric} ${scoreText(before)}  ${before.identity}  ${before.id}`,
    `after   ${after.metric} ${scoreText(after)}  ${after.identity}  ${after.id}`,
    ...(difference === undefined ? [] : [`difference ${differenceText(difference)} on ${promptsText(difference)}`]),
    `${identical} of ${pairs} answers are identical token by token${unpaired === 0 ? '' : `; ${unpaired} have no pair`}`,
    ...(maxLogprobDifference === undefined
      ? []
      : [`largest difference of a mean log-probability: ${maxLogprobDifference.toExponential(1)} nats per token`]),
    verdictText(reproduced, greedy),
  ];
}

/** What was found beside a run: evidence that stands in no table of it. */
export function appraisalLines(appraisals: readonly StoredAppraisal[]): string[] {
  return appraisals.flatMap(({ id, reason, evaluations }) =>
    evaluations.map((evaluation) => {
      const found =
        evaluation.kind === 'void'
          ? `void: ${evaluation.reason}`
          : `${evaluation.metric} ${scoreText(evaluation)}, served as ${evaluation.identity}`;
      return oneLine(`beside the run, ${evaluation.checkpoint}: ${found} (${reason}; ${id})`);
    }),
  );
}

function verdictText(reproduced: boolean, greedy: boolean): string {
  if (reproduced) return greedy ? 'reproduced: greedy answers, all identical' : 'reproduced, as far as chance goes';
  return greedy
    ? 'not reproduced: greedy answers must be identical'
    : 'not reproduced: the difference is more than chance would make';
}

function promptsText({ pairs }: ScoreDifference): string {
  return pairs === 1 ? '1 prompt' : `${pairs} prompts`;
}

export function probeLine({ checkpoint, step, evaluation, drawn, standing, overGood }: Probe): string {
  const score = `${evaluation.metric} ${scoreText(evaluation)}`;
  const over = overGood === undefined ? 'the good one' : `${standing}: ${differenceText(overGood)} over the good one`;
  return `step ${step}  ${checkpoint}  ${score}  ${drawn ? 'drawn now' : 'as evaluated before'}  ${over}`;
}

/** With what changed on the way to the checkpoint: how it was trained, and how that went. */
export function bisectLines(report: BisectReport, steps: readonly StepMetrics[]): string[] {
  const { outcome, lastGood, firstBad, probes } = report;
  if (outcome === 'no-fall') {
    return [`${firstBad} is not worse than ${lastGood} beyond chance: there is no fall to look for`];
  }
  if (outcome === 'inconclusive') {
    return [
      `inconclusive: the fall is after ${lastGood} and at ${firstBad} at the latest; noise hides the checkpoints between`,
      'more prompts in the suite would tell them apart',
    ];
  }
  const [from, to] = [lastGood, firstBad].map((name) => probes.find(({ checkpoint }) => checkpoint === name)?.step);
  return [
    `first bad checkpoint: ${firstBad}${to === undefined ? '' : `, step ${to}`} (the one before it, ${lastGood}, held)`,
    ...(from === undefined || to === undefined ? [] : changesBetween(steps, from, to)),
  ];
}

function changesBetween(steps: readonly StepMetrics[], from: number, to: number): string[] {
  const at = (wanted: number): StepMetrics | undefined => steps.find(({ step }) => step === wanted);
  const first = at(from + 1);
  const [before, after] = [at(from) ?? first, at(to)];
  if (before === undefined || after === undefined) return [];
  const between = steps.filter(({ step }) => step > from && step <= to);
  const worst = between.reduce((one, other) => (other.lossMean > one.lossMean ? other : one), after);
  return [
    `between steps ${from} and ${to}: learning rate ${rate(before)} → ${rate(after)}, ` +
      `loss ${before.lossMean.toFixed(3)} → ${after.lossMean.toFixed(3)}, ` +
      `at most ${worst.lossMean.toFixed(3)} at step ${worst.step}`,
  ];
}

function rate({ learningRate }: StepMetrics): string {
  return learningRate.toPrecision(3);
}
