/**
 * An experiment looked at as its plan will look at it, by the same functions: stage after stage, each as far as it goes,
 * so that everything that is wrong is said at once. Nothing is rented, and nothing recorded but artifacts.
 */
import type { CheckReport } from '../../domain/words/check.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { MAIN_SUITE } from '../../domain/words/names.ts';
import type { PinnedPython, PinnedSuite, ResolvedShape } from '../../domain/words/plan.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import { startText } from '../../domain/words/start-from.ts';
import { isLikelihood } from '../../domain/spec/grader-spec.ts';
import { suiteMetric, type SuiteSpec } from '../../domain/spec/suite-spec.ts';
import { lengthRemedy, type ImportedDataset, type ImportProgress } from '../data/import-dataset.ts';
import { pinObjective } from '../objectives/load-objective.ts';
import { pinPython } from '../user-code/pin-python.ts';
import type { GraderPorts } from '../grading/graders.ts';
import type { PromptRecords } from '../upkeep/prompts.ts';
import { chatOf, exampleTokens, overlaps, pinData } from './pin-data.ts';
import { pinSuite } from './pin-suites.ts';
import { rowsOfPreference } from '../preference/plan-preference.ts';
import { pinStart, type StartPorts } from './start-from.ts';
import type { PinnedLengths } from '../data/length-order.ts';
import { lengthsOf, longRowsNote, trainingSize } from './training-size.ts';
import { importValidation, validationOverlap, validationRows } from '../validation/pin-validation.ts';

export interface CheckPorts extends GraderPorts {
  readonly store: PromptRecords;
  /** Where weights to begin with are looked up; absent: nowhere. */
  readonly start?: StartPorts | undefined;
  /** The platform's word on a shape; absent: none is asked. */
  readonly resolveShape?: ((shape: string, signal: AbortSignal) => Promise<ResolvedShape>) | undefined;
}

interface Look {
  /** YYYY-MM-DD, for templates that ask. */
  readonly date: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: ImportProgress) => void;
}

/** More is no help to who reads it. */
const MOST_PRINTED = 4_000;

export async function checkExperiment(ports: CheckPorts, spec: RunSpec, look: Look): Promise<CheckReport> {
  const check = new Check(ports, spec, look);
  const shape = await check.stage(() => check.shape());
  await check.stage(() => check.start(shape));
  const data = await check.stage(() => check.data(shape));
  const heldOut = await check.stage(() => check.heldOut(shape, data));
  const python = await check.stage(() => pinPython(ports, spec));
  const suites = await check.suites({ data, shape, python });
  const custom = await check.stage(() => check.objective(python));
  const shown = data && (await check.stage(() => check.shown(data)));
  const lengths = data && (await check.stage(() => check.lengths(data)));
  const training =
    data && (await check.stage(async () => trainingOf(spec, data, { custom: custom ?? false, lengths })));
  const { printed } = check;
  return {
    problems: check.problems,
    warnings: check.warnings,
    notices: check.notices,
    suites,
    cost: costOf(spec),
    ...(shape !== undefined && { shape: shapeOf(shape) }),
    ...(data !== undefined && {
      data: { ...factsOf(spec, data, shape), ...(heldOut !== undefined && { heldOut }), shown: shown ?? [] },
    }),
    ...(training !== undefined && { training }),
    ...(printed !== '' && { printed }),
  };
}

class Check {
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  readonly notices: string[] = [];
  printed = '';
  readonly #ports: CheckPorts;
  readonly #spec: RunSpec;
  readonly #look: Look;

  constructor(ports: CheckPorts, spec: RunSpec, look: Look) {
    this.#ports = ports;
    this.#spec = spec;
    this.#look = look;
  }

  /** What it finds wrong is noted, and the next stage goes on without it. */
  async stage<T>(work: () => Promise<T>, of = ''): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PawlError)) throw error;
      // Several stages may stumble over one thing, such as a tokenizer that cannot be read.
      const problem = `${of}${error.message}`;
      if (!this.problems.some((known) => known.endsWith(error.message))) this.problems.push(problem);
      return undefined;
    }
  }

  async shape(): Promise<ResolvedShape | undefined> {
    const { resolveShape } = this.#ports;
    const { shape } = this.#spec.model;
    if (resolveShape === undefined) {
      this.notices.push(
        'no platform was asked: whether it has this shape, and the length of its context, are not known',
      );
      return undefined;
    }
    try {
      return await resolveShape(shape, this.#look.signal);
    } catch (error) {
      if (!(error instanceof PawlError) || error.type === 'InvalidRequest') throw error;
      this.warnings.push(`the platform did not tell of the shape: ${error.message}`);
      return undefined;
    }
  }

  /** Weights to begin with: whether there are any of that name, and whether they fit. */
  async start(shape: ResolvedShape | undefined): Promise<void> {
    const { start } = this.#ports;
    const { train, model } = this.#spec;
    if (train.startFrom === undefined) return;
    const baseModel = model.base?.startsWith('alias:') === true ? undefined : (model.base ?? shape?.baseModel);
    if (start === undefined || baseModel === undefined) {
      this.notices.push(`whether there is ${train.startFrom} to begin with, and whether it fits, is not known`);
      return;
    }
    const pinned = await pinStart(start, this.#spec, { baseModel, signal: this.#look.signal });
    if (pinned !== undefined) this.notices.push(`begins with ${startText(pinned)}`);
  }

  async data(shape: ResolvedShape | undefined): Promise<ImportedDataset> {
    const { signal, onProgress } = this.#look;
    const contextTokens = shape?.maxContextTokens;
    const chat = chatOf(this.#spec, this.#look.date);
    const data = await pinData(this.#ports, this.#spec, {
      chat,
      contextTokens,
      signal,
      ...(onProgress !== undefined && { onProgress }),
    });
    for (const { level, message } of data.notices) {
      (level === 'warn' ? this.warnings : this.notices).push(`training data: ${message}`);
    }
    if (data.dropped > 0) {
      const maxTokens = exampleTokens(this.#spec, contextTokens);
      this.warnings.push(
        `training data: ${data.dropped} of ${data.dropped + data.examples} examples are left out, as they are longer ` +
          `than ${maxTokens} tokens; to have them, ${lengthRemedy({ maxTokens, contextTokens })}`,
      );
    }
    return data;
  }

  /** How many rows a validation loss is told of; undefined: none is asked for. */
  async heldOut(shape: ResolvedShape | undefined, data: ImportedDataset | undefined): Promise<number | undefined> {
    const { signal, date } = this.#look;
    const how = { chat: chatOf(this.#spec, date), contextTokens: shape?.maxContextTokens, signal };
    const imported = await importValidation(this.#ports, this.#spec, how);
    if (imported === undefined) return undefined;
    if (data !== undefined) {
      const known = { trained: data.hash, imported, signal };
      const repeated = await validationOverlap(this.#ports, this.#spec, known);
      if (repeated !== undefined) this.warnings.push(repeated);
    }
    return validationRows(this.#spec, imported);
  }

  async suites(found: {
    data: ImportedDataset | undefined;
    shape: ResolvedShape | undefined;
    python: PinnedPython | undefined;
  }): Promise<CheckReport['suites']> {
    const { evaluate } = this.#spec;
    const { signal } = this.#look;
    const rows: CheckReport['suites'] = [];
    const pinned: PinnedSuite[] = [];
    for (const [name, spec] of [[MAIN_SUITE, evaluate] as const, ...Object.entries(evaluate.suites ?? {})]) {
      const suite = await this.stage(
        () => this.#suite(name, spec, found),
        name === MAIN_SUITE ? '' : `suite ${name}: `,
      );
      if (suite === undefined) continue;
      pinned.push(suite);
      rows.push(rowOf(spec, suite));
    }
    if (found.data === undefined) return rows;
    const search = { dataset: found.data.hash, suites: pinned, signal };
    for await (const { message } of overlaps(this.#ports, search)) this.warnings.push(message);
    return rows;
  }

  async #suite(
    name: string,
    spec: SuiteSpec,
    {
      data,
      shape,
      python,
    }: { data?: ImportedDataset | undefined; shape?: ResolvedShape | undefined; python?: PinnedPython | undefined },
  ): Promise<PinnedSuite> {
    const { signal, date } = this.#look;
    const { endToken } = this.#spec.data;
    const chat = chatOf(this.#spec, date);
    const tokenizer = data?.tokenizer ?? (await this.#tokenizer(chat.tokenizer));
    return pinSuite(this.#ports, name, spec, {
      tokenizer,
      chat,
      endToken,
      contextTokens: shape?.maxContextTokens ?? Infinity,
      onNote: ({ level, message }) => void (level === 'warn' ? this.warnings : this.notices).push(message),
      opening: { python, onOutput: (text) => this.#print(text) },
      signal,
    });
  }

  async #tokenizer(path: string): Promise<string> {
    const { hash } = await this.#ports.compute.run('data.tokenizer', { path }, { signal: this.#look.signal });
    return hash;
  }

  async objective(python: PinnedPython | undefined): Promise<boolean> {
    const { signal } = this.#look;
    const opening = { python, onOutput: (text: string) => this.#print(text) };
    return (await pinObjective(this.#ports, this.#spec.train.objective, signal, opening)).custom;
  }

  async shown({ hash }: ImportedDataset): Promise<NonNullable<CheckReport['data']>['shown']> {
    const { artifacts, compute } = this.#ports;
    const asked = { folder: artifacts.location, dataset: hash, tokenizer: this.#spec.model.tokenizer };
    return compute.run('data.shownExamples', asked, { signal: this.#look.signal });
  }

  /** Kept, as the tokens are, for the run that follows. */
  async lengths(data: ImportedDataset): Promise<PinnedLengths | undefined> {
    const lengths = await lengthsOf(this.#ports.artifacts, this.#spec, data);
    const note = longRowsNote(this.#spec, lengths);
    if (note !== undefined) this.notices.push(note);
    return lengths;
  }

  #print(text: string): void {
    this.printed = (this.printed + text).slice(0, MOST_PRINTED);
  }
}

function shapeOf(shape: ResolvedShape): NonNullable<CheckReport['shape']> {
  const { reference, baseModel, maxContextTokens, acceleratorType, acceleratorCount } = shape;
  return { reference, baseModel, maxContextTokens, machine: `${acceleratorCount} × ${acceleratorType}` };
}

function factsOf(
  spec: RunSpec,
  { hash, rows, examples, dropped, leftOut, left, tokens, maxExampleTokens }: ImportedDataset,
  shape: ResolvedShape | undefined,
): Omit<NonNullable<CheckReport['data']>, 'shown'> {
  const maxTokens = exampleTokens(spec, shape?.maxContextTokens);
  const limit = maxTokens < spec.data.maxTokens ? 'context' : 'data.maxTokens';
  const counts = { rows, examples, dropped, leftOut, left: [...left], tokens, longestTokens: maxExampleTokens };
  return { ...counts, maxTokens, limit, dataset: hash };
}

const UNITS = { rows: 'examples', pairs: 'pairs', labelled: 'labelled rows' } as const;

function trainingOf(
  spec: RunSpec,
  data: ImportedDataset,
  found: { custom: boolean; lengths: PinnedLengths | undefined },
): NonNullable<CheckReport['training']> {
  const { batchSize, accumulate = 1 } = spec.train;
  const { rows, steps = spec.train.steps, requestsPerStep, batches } = trainingSize(spec, data, found);
  // By tokens, of a mean batch.
  const examplesPerStep = (batches === undefined ? batchSize : rows / batches) * accumulate;
  const budget = spec.data.batchByTokens;
  return {
    steps,
    examplesPerStep,
    unit: UNITS[rowsOfPreference(spec) ?? 'rows'],
    ...(batches !== undefined && budget !== undefined && { byTokens: { budget, batches } }),
    epochs: (steps * examplesPerStep) / rows,
    tokens: Math.round((steps * examplesPerStep * data.tokens) / rows),
    requestsPerStep,
    // The baseline, one every so many steps, and the last.
    checkpoints: 1 + Math.ceil(steps / spec.checkpoint.every),
  };
}

function rowOf(spec: SuiteSpec, { name, prompts }: PinnedSuite): CheckReport['suites'][number] {
  const { limit = prompts, samplesPerPrompt = 1, maxTokens, grader } = spec;
  return {
    name,
    metric: suiteMetric(spec),
    prompts,
    asked: Math.min(prompts, limit),
    samplesPerPrompt,
    maxTokens: isLikelihood(grader) ? 0 : maxTokens,
  };
}

function costOf({ prices, deployment, budget }: RunSpec): CheckReport['cost'] {
  const perHour = prices.trainerPerHour + deployment.replicas * prices.replicaPerHour;
  const limits = [budget.maxCost, budget.maxHours && budget.maxHours * perHour].filter((one) => one !== undefined);
  const known = perHour > 0 && limits.length > 0;
  return { perHour, currency: prices.currency, ...(known && { atMost: Math.min(...limits) }) };
}
