/** What a custom objective is, and how its loss and gradient with respect to the log-probabilities are computed. */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { Values } from './values.ts';

/** What an objective sees of one example. */
export interface ObjectiveExample {
  readonly targetTokens: readonly number[];
  /**
   * Numbers per target, by name: `weights` (coefficient of each token, zero where it is not trained), `advantages`,
   * `logprobs` (of the policy that sampled), `reference_logprobs`, or what a module of yours reads. They stay here:
   * the trainer is only told the gradient.
   */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
}

/** A batch as a differentiable loss sees it: matrices with a row per example and a column per target, zero-padded. */
export interface ObjectiveBatch {
  readonly examples: readonly ObjectiveExample[];
  /** log p of each target under the model, in nats. The loss is differentiated with respect to these. */
  readonly logprobs: Values;
  /** An input of the examples, by name. */
  readonly input: (name: string) => Values;
  /** Numbers of your own per target, e.g. a mask. Shorter rows are padded with zeros. */
  readonly constant: (of: (example: ObjectiveExample, index: number) => readonly number[]) => Values;
}

interface Described {
  readonly name: string;
  /** Inputs that every example must carry. */
  readonly needs: readonly string[];
  /** Examples come in pairs: preferred, rejected, preferred, rejected, … */
  readonly paired?: boolean;
  /** Numbers to report beside the loss. */
  metrics?(logprobs: readonly (readonly number[])[], examples: readonly ObjectiveExample[]): Record<string, number>;
}

/** A loss whose gradient is found by automatic differentiation, in float32. */
export interface DifferentiableObjective extends Described {
  /** A single number. */
  loss(batch: ObjectiveBatch): Values;
}

/** A loss that comes with its gradient: ∂loss/∂log p of every target, one array per example. */
export interface AnalyticObjective extends Described {
  evaluate(
    logprobs: readonly (readonly number[])[],
    examples: readonly ObjectiveExample[],
  ): { readonly loss: number; readonly gradients: readonly (readonly number[])[] };
}

/** Must be a pure function of its arguments: a retry computes it again and has to get the same bytes. */
export type Objective = DifferentiableObjective | AnalyticObjective;

export interface ObjectiveResult {
  readonly loss: number;
  readonly gradients: readonly (readonly number[])[];
  readonly metrics: Readonly<Record<string, number>>;
}

/** Loss, gradient and metrics of a batch whose log-probabilities the trainer computed. */
export async function evaluateObjective(
  objective: Objective,
  examples: readonly ObjectiveExample[],
  logprobs: readonly (readonly number[])[],
): Promise<ObjectiveResult> {
  checkExamples(objective, examples, logprobs);
  const { loss, gradients } =
    'evaluate' in objective
      ? objective.evaluate(logprobs, examples)
      : await differentiated(objective, examples, logprobs);
  examples.forEach(({ targetTokens }, index) => {
    if (gradients[index]?.length === targetTokens.length) return;
    throw invalid(objective, `gave ${gradients[index]?.length ?? 0} slopes for ${targetTokens.length} targets`, index);
  });
  return { loss, gradients, metrics: objective.metrics?.(logprobs, examples) ?? {} };
}

/** What would make `objective` read numbers that are not there. */
export function checkExamples(
  objective: Objective,
  examples: readonly ObjectiveExample[],
  logprobs: readonly (readonly number[])[] = examples.map(({ targetTokens }) => targetTokens),
): void {
  if (examples.length === 0 || (objective.paired === true && examples.length % 2 !== 0)) {
    throw invalid(objective, `needs ${objective.paired === true ? 'pairs of examples' : 'examples'}`);
  }
  for (const [index, { targetTokens, inputs }] of examples.entries()) {
    if (logprobs[index]?.length !== targetTokens.length) {
      throw invalid(objective, 'has another number of log-probabilities than of targets', index);
    }
    const missing = objective.needs.find((name) => inputs[name]?.length !== targetTokens.length);
    if (missing !== undefined) {
      const count = inputs[missing]?.length ?? 'no';
      throw invalid(objective, `needs ${targetTokens.length} ${missing}, and has ${count}`, index);
    }
  }
}

/** Compilation is per shape: lengths are rounded up, so that batches share few of them. At most a quarter is padding. */
function roundedUp(length: number): number {
  const unit = Math.max(32, 2 ** (Math.ceil(Math.log2(length)) - 2));
  return Math.ceil(length / unit) * unit;
}

async function differentiated(
  objective: DifferentiableObjective,
  examples: readonly ObjectiveExample[],
  logprobs: readonly (readonly number[])[],
): Promise<{ loss: number; gradients: number[][] }> {
  // Loaded when it is needed: most workers never differentiate anything.
  const { differentiate } = await import('./differentiate.ts');
  const longest = logprobs.reduce((most, { length }) => Math.max(most, length), 1);
  const shape = { rows: examples.length, columns: roundedUp(longest) };
  const matrix = (rows: readonly (readonly number[])[]): Float32Array => {
    const data = new Float32Array(shape.rows * shape.columns);
    rows.forEach((row, index) => data.set(row.slice(0, shape.columns), index * shape.columns));
    return data;
  };
  const { value, gradient } = await differentiate({ ...shape, data: matrix(logprobs) }, (x, constant) => {
    const given = (rows: readonly (readonly number[])[]): Values => constant(matrix(rows));
    return objective.loss({
      examples,
      logprobs: x,
      input: (name) => given(examples.map(({ inputs }) => inputs[name] ?? [])),
      constant: (of) => given(examples.map(of)),
    });
  });
  const gradients = logprobs.map(({ length }, index) =>
    Array.from(gradient.subarray(index * shape.columns, index * shape.columns + length)),
  );
  return { loss: value, gradients };
}

function invalid({ name }: Objective, why: string, index?: number): PawlError {
  const where = index === undefined ? '' : ` (example ${index})`;
  return new PawlError('InvalidRequest', `objective ${name} ${why}${where}`);
}
