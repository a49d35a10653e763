/**
 * Trains a window of steps. The next step is admitted while the last one computes, so the trainer never waits for us.
 * A retry re-sends the identical bodies under the identical sequence numbers from the first step it does not know to
 * be done, and so joins what the lost attempt had started instead of repeating it.
 */
import { firstBadStep, stepsLookedBack } from '../../domain/decide/step-rules.ts';
import type { Activities } from '../../domain/words/run.ts';
import type { StepMetrics, WindowInput, WindowResult } from '../../domain/words/training.ts';
import { toDatums } from '../data/batches.ts';
import { openRowsOfSteps, type RowsOfSteps } from '../data/rows-of-steps.ts';
import { openDataset, type Dataset } from '../data/dataset.ts';
import { learningRate } from '../data/learning-rate.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { mergeMetrics } from '../backends/merge-metrics.ts';
import { submitGradient } from './gradient.ts';
import { openPairs, type PairBatches } from '../preference/pair-batches.ts';
import { submitPairs } from '../preference/submit-pairs.ts';
import { refuseToRepeat, rememberForRetry, remembered, signal } from '../guard.ts';
import { loadObjective, type ObjectivePorts } from '../objectives/load-objective.ts';
import type { RunObjective } from '../objectives/run-objective.ts';
import type { Backend, Datum, ForwardBackwardResult, Pending, Trainer } from '../ports.ts';
import { inSession } from './session.ts';
import { metricsOfStep } from './step-metrics.ts';
import { openOutputLog } from '../user-code/output-log.ts';
import type { Store } from '../../store/index.ts';

/** Steps in the trainer's hands at once: one computing, one waiting. */
const PIPELINE_STEPS = 2;

interface Ports extends ObjectivePorts {
  readonly backend: Backend;
  readonly store: Store;
}

export function training(ports: Ports): Pick<Activities, 'trainWindow'> {
  const { backend, store, artifacts } = ports;
  return {
    async trainWindow(window) {
      refuseToRepeat(backend.replay);
      const { runId, generation, fromStep, steps } = window;
      const { trainerId, sessionId } = window.connection;
      const trainer = backend.trainer(trainerId);
      const dataset = await openDataset(artifacts, window.plan.dataset);
      const last = fromStep + steps - 1;
      const done = doneStep(remembered()) ?? fromStep - 1;
      const { python, objectiveModule } = window.plan;
      const key = `window/${generation}/${fromStep}`;
      const output = openOutputLog(store, runId, { key, phase: 'train', of: 'the objective' });
      const opening = { python, onOutput: output.onOutput };
      const objective = loadObjective(ports, window.train.objective, objectiveModule, opening);
      const pairs = window.plan.preferences && (await openPairs(artifacts, dataset, window));
      const rowsOf = await openRowsOfSteps(
        artifacts,
        window,
        pairs === undefined ? dataset.examples : dataset.examples / 2,
      );
      const todo = { window, trainer, dataset, store, objective, pairs, rowsOf };
      await output.during(() => inSession(trainer, sessionId, () => trainSteps(todo, done + 1, last)));
      const { rules = {} } = window;
      const rows = await store.steps(runId, { afterStep: Math.max(0, fromStep - 1 - stepsLookedBack(rules)) });
      const known = rows.filter(({ step }) => step <= last);
      const badStep = firstBadStep(rules, known, fromStep);
      const result = { ...summarize(known.filter(({ step }) => step >= fromStep)), ...(badStep && { badStep }) };
      await store.updateRun(runId, { phase: 'train', step: result.nonFiniteStep ?? last, generation });
      return result;
    },
  };
}

interface Training {
  readonly window: WindowInput;
  readonly trainer: Trainer;
  readonly dataset: Dataset;
  readonly store: Store;
  /** Absent: the trainer's own cross-entropy. */
  readonly objective: RunObjective | undefined;
  /** Of a run that learns preferences. */
  readonly pairs: PairBatches | undefined;
  readonly rowsOf: RowsOfSteps;
}

type Metrics = Readonly<Record<string, number>>;

/** A step whose every request the trainer has accepted. */
interface Admitted {
  readonly step: number;
  readonly learningRate: number;
  readonly tokens: number;
  readonly admittedMs: number;
  readonly gradients: readonly Pending<ForwardBackwardResult>[];
  /** Examples of each of the gradients' requests. */
  readonly chunkSizes: readonly number[];
  /** Value of the objective, where it is not the trainer's own. */
  readonly objectiveLoss?: number;
  readonly objectiveMetrics?: Metrics;
  readonly update: Pending<{ readonly metrics: Metrics }>;
}

async function trainSteps(training: Training, first: number, last: number): Promise<void> {
  const { window, store } = training;
  const inFlight: Admitted[] = [];
  let next = first;
  let endedMs = 0;
  let diverged = false;
  while (next <= last || inFlight.length > 0) {
    if (next <= last && inFlight.length < PIPELINE_STEPS) {
      inFlight.push(await admit(training, next));
      next += 1;
      continue;
    }
    const admitted = inFlight.shift();
    if (admitted === undefined) break;
    const { lossMean, metrics: told } = await settle(admitted, diverged);
    // The window goes on to its end: every sequence number that it was given is used.
    diverged ||= !Number.isFinite(lossMean);
    const nowMs = Date.now();
    const metrics: StepMetrics = {
      step: admitted.step,
      generation: window.generation,
      lossMean,
      learningRate: admitted.learningRate,
      tokens: admitted.tokens,
      seconds: (nowMs - Math.max(endedMs, admitted.admittedMs)) / 1000,
      ...(Object.keys(told).length > 0 && { metrics: told }),
    };
    endedMs = nowMs;
    await store.recordSteps(window.runId, [metrics]);
    // Only now: a retry must not skip a step whose metrics were never written.
    const awaiting = inFlight.flatMap(({ gradients, update }) => [...gradients, update].map((p) => p.requestId));
    rememberForRetry({ doneStep: admitted.step, awaiting });
  }
}

/** Submits one step: its gradient, then the update. A pure function of spec, pinned data and step. */
async function admit(training: Training, step: number): Promise<Admitted> {
  const { window, trainer } = training;
  const { train, plan, connection, fromStep } = window;
  const { modelId } = connection;
  const firstSeq = window.firstSeq + (step - fromStep) * plan.requestsPerStep;
  const admittedMs = Date.now();
  const submitted = await (training.pairs === undefined ? submitRows : submitPreferences)(training, { step, firstSeq });
  const rate = learningRate(train, step);
  const adam = { ...train.optimizer, learningRate: rate };
  const seq = firstSeq + plan.requestsPerStep - 1;
  const update = await trainer.optimStep({ modelId, seq, adam, gradNormMetrics: 'basic' }, signal());
  return { step, learningRate: rate, admittedMs, update, ...submitted };
}

interface Numbered {
  readonly step: number;
  readonly firstSeq: number;
}

type Submitted = Omit<Admitted, 'step' | 'learningRate' | 'admittedMs' | 'update'>;

async function submitRows(training: Training, { step, firstSeq }: Numbered): Promise<Submitted> {
  const { window, trainer, dataset, objective, rowsOf } = training;
  const { modelId } = window.connection;
  const { rows, sizes } = await rowsOf(step);
  const datums = toDatums(await dataset.read(rows));
  const gradient = await submitGradient({ trainer, modelId, firstSeq, sizes, datums, objective }, signal());
  const { parts: gradients, loss, metrics: objectiveMetrics = {} } = gradient;
  const submitted = { tokens: trainedTokens(datums), gradients, chunkSizes: sizes };
  return loss === undefined ? submitted : { ...submitted, objectiveLoss: loss, objectiveMetrics };
}

async function submitPreferences(training: Training, { step, firstSeq }: Numbered): Promise<Submitted> {
  const { window, trainer, pairs: source, rowsOf } = training;
  if (source === undefined) throw new Error('the run learns no preferences');
  const { rows, sizes } = await rowsOf(step);
  const pairs = await source.read(rows);
  const { settings } = source;
  const { modelId } = window.connection;
  const gradient = await submitPairs({ trainer, modelId, firstSeq, sizes, pairs, settings }, signal());
  return {
    tokens: trainedTokens(pairs.flatMap(({ datums }) => (settings.loss === 'kto' ? [datums[0]] : datums))),
    gradients: gradient.parts,
    chunkSizes: gradient.sizes,
    objectiveLoss: gradient.loss,
    objectiveMetrics: gradient.metrics,
  };
}

function trainedTokens(datums: readonly Datum[]): number {
  return datums.reduce((sum, { weights }) => sum + weights.filter((weight) => weight !== 0).length, 0);
}

/** Waits for a step's end: its mean loss, because the weights of a batch sum to one, and what was told beside. */
async function settle(
  { gradients, chunkSizes, update, objectiveLoss, objectiveMetrics = {} }: Admitted,
  diverged: boolean,
): Promise<{ lossMean: number; metrics: Metrics }> {
  let loss = 0;
  const parts: { metrics: Metrics; outputs: number }[] = [];
  for (const [index, gradient] of gradients.entries()) {
    const pass = await unlessNotFinite(() => gradient.result(signal()), diverged || Number.isNaN(loss));
    loss += pass?.lossSum ?? Number.NaN;
    if (pass !== undefined) parts.push({ metrics: pass.metrics, outputs: chunkSizes[index] ?? 0 });
  }
  const updated = await unlessNotFinite(() => update.result(signal()), diverged || Number.isNaN(loss));
  return {
    lossMean: updated === undefined ? Number.NaN : (objectiveLoss ?? loss),
    metrics: metricsOfStep(objectiveMetrics, { ...mergeMetrics(parts), ...updated?.metrics }),
  };
}

/**
 * A trainer may refuse to compute with what is not finite, since JSON has no number for it: it is read from the words,
 * as nothing else tells. Whatever it refuses of a model that diverged before is no news.
 */
async function unlessNotFinite<T>(result: () => Promise<T>, diverged: boolean): Promise<T | undefined> {
  try {
    return await result();
  } catch (error) {
    if (!(error instanceof PawlError) || error.type !== 'InvalidRequest') throw error;
    if (diverged || error.message.includes('not finite')) return undefined;
    throw error;
  }
}

function doneStep(details: unknown): number | undefined {
  if (typeof details !== 'object' || details === null || !('doneStep' in details)) return undefined;
  return typeof details.doneStep === 'number' ? details.doneStep : undefined;
}

function summarize(rows: readonly StepMetrics[]): WindowResult {
  const finite = rows.filter(({ lossMean }) => Number.isFinite(lossMean));
  const lossMean = finite.at(-1)?.lossMean;
  const nonFiniteStep = rows.find((row) => !Number.isFinite(row.lossMean))?.step;
  const seconds = rows.reduce((sum, row) => sum + row.seconds, 0);
  return {
    tokens: rows.reduce((sum, row) => sum + row.tokens, 0),
    secondsPerStep: seconds / Math.max(1, rows.length),
    ...(lossMean !== undefined && {
      lossMean,
      maxLossMean: finite.reduce((most, row) => Math.max(most, row.lossMean), -Infinity),
    }),
    ...(nonFiniteStep !== undefined && { nonFiniteStep }),
  };
}
