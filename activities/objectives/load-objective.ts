/** From an experiment's choice to an objective: one that comes with pawl, or a module of the user's, pinned by its hash. */
import { z } from 'zod';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { importPinned, pinModule, refusedModule } from '../pinned-module.ts';
import { focal, sequenceMean } from './built-in.ts';
import { evaluateObjective, type Objective } from './objective.ts';

type Choice = NonNullable<RunSpec['train']['objective']>;
type Options = Choice['options'];

const BUILT_IN: Readonly<Record<Exclude<Extract<Choice, { name: string }>['name'], 'cross_entropy'>, Build>> = {
  focal: ({ gamma }) => focal(typeof gamma === 'number' ? { gamma } : {}),
  sequence_mean: () => sequenceMean(),
};
type Build = (options: Options) => Objective;

/** Stores a user's module, and proves before anything is rented that the objective can be computed. */
export async function pinObjective(
  artifacts: Artifacts,
  choice: Choice | undefined,
): Promise<{ readonly custom: boolean; readonly module?: string }> {
  if (choice === undefined || isNative(choice)) return { custom: false };
  const pinned = 'module' in choice ? { module: await pinModule(artifacts, placeOf(choice.module)) } : {};
  const objective = await loadObjective(artifacts, choice, pinned.module);
  if (objective !== undefined) await rehearse(objective);
  return { custom: true, ...pinned };
}

/** The objective of a run, or undefined where the trainer's own cross-entropy is meant. */
export async function loadObjective(
  artifacts: Artifacts,
  choice: Choice | undefined,
  pinned: string | undefined,
): Promise<Objective | undefined> {
  if (choice === undefined || isNative(choice)) return undefined;
  if (!('module' in choice)) return choice.name === 'cross_entropy' ? undefined : BUILT_IN[choice.name](choice.options);
  const exported = await importPinned(artifacts, pinned, placeOf(choice.module));
  return objectiveOf(choice.module, exported, choice.options);
}

function isNative(choice: Choice): boolean {
  return 'name' in choice && choice.name === 'cross_entropy';
}

type Given = (...given: readonly unknown[]) => unknown;
const callable = z.custom<Given>((value) => typeof value === 'function', 'expected a function');

const Exports = z.looseObject({
  loss: callable.optional(),
  evaluate: callable.optional(),
  metrics: callable.optional(),
});
const Evaluation = z.object({ loss: z.number().or(z.nan()), gradients: z.array(z.array(z.number().or(z.nan()))) });
const Metrics = z.record(z.string(), z.number());

function objectiveOf(path: string, exported: unknown, options: Options): Objective {
  const parsed = Exports.safeParse(exported);
  const { loss, evaluate, metrics } = parsed.success ? parsed.data : {};
  const common = {
    name: path,
    needs: ['weights'],
    ...(metrics && {
      metrics: (...[logprobs, examples]: Parameters<NonNullable<Objective['metrics']>>) =>
        Metrics.parse(metrics(logprobs, examples, options)),
    }),
  };
  if (evaluate !== undefined) {
    return { ...common, evaluate: (logprobs, examples) => Evaluation.parse(evaluate(logprobs, examples, options)) };
  }
  if (loss === undefined) throw refused(path, 'export a function `loss(batch, options)`, or `evaluate(…)`');
  return { ...common, loss: (batch) => loss(batch, options) as ReturnType<typeof batch.input> };
}

/** Two small examples of a kind that every run has: what fails on them would fail in the first step, on rented machines. */
async function rehearse(objective: Objective): Promise<void> {
  const examples = [2, 3].map((length) => ({
    targetTokens: Array.from({ length }, (_, index) => index),
    inputs: { weights: Array.from({ length }, (_, index) => (index === 0 ? 0 : 1 / 3)) },
  }));
  const logprobs = examples.map(({ targetTokens }) => targetTokens.map((token) => -0.5 - token / 4));
  try {
    const { loss, gradients } = await evaluateObjective(objective, examples, logprobs);
    if ([loss, ...gradients.flat()].every(Number.isFinite)) return;
  } catch (cause) {
    if (cause instanceof PawlError) throw cause;
    throw refused(objective.name, `it fails on a small batch: ${String(cause)}`, cause);
  }
  throw refused(objective.name, 'on a small batch its loss or gradient is not a finite number');
}

function refused(path: string, why: string, cause?: unknown): PawlError {
  return refusedModule(placeOf(path), why, cause);
}

function placeOf(path: string): { field: string; path: string } {
  return { field: 'train.objective', path };
}
