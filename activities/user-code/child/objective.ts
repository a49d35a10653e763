/** A user's objective, as its file exports it: evaluated here, gradient included, so that nobody else waits for it. */
import { basename } from 'node:path';
import { z } from 'zod';
import { evaluateObjective, type Objective, type ObjectiveExample } from '../../objectives/objective.ts';
import type { Frame } from '../frames.ts';
import type { LoadRequest, ObjectiveRequest } from '../messages.ts';
import { packRows, unpackRows } from '../rows.ts';
import { WrongShape } from './thrown.ts';

type Given = (...given: readonly unknown[]) => unknown;
const callable = z.custom<Given>((value) => typeof value === 'function', 'expected a function');

const Exports = z.looseObject({
  loss: callable.optional(),
  evaluate: callable.optional(),
  metrics: callable.optional(),
});
const Evaluation = z.object({ loss: z.number().or(z.nan()), gradients: z.array(z.array(z.number().or(z.nan()))) });
const Metrics = z.record(z.string(), z.number());

/** `function`: what is called in place of `loss`. */
export function objectiveOf(
  exported: object,
  { file, function: name }: Pick<LoadRequest, 'file' | 'function'>,
): { evaluate: (frame: Frame) => Promise<Frame & { readonly head: object }>; ownGradient: boolean } {
  const parsed = Exports.safeParse(exported);
  const { metrics, ...named } = parsed.success ? parsed.data : {};
  const evaluate = name === undefined ? named.evaluate : undefined;
  const loss = name === undefined ? named.loss : (exported as Record<string, Given | undefined>)[name];
  if (evaluate === undefined && typeof loss !== 'function') {
    throw new WrongShape(`export a function \`${name ?? 'loss'}(batch, options)\`, or \`evaluate(…)\``);
  }
  const ownGradient = evaluate !== undefined;
  return {
    ownGradient,
    async evaluate({ head, body }) {
      const { options, lengths, inputs } = head as ObjectiveRequest;
      const [logprobs = [], targets = [], ...given] = unpackRows(body, [
        lengths,
        lengths,
        ...inputs.map(() => lengths),
      ]);
      const examples = targets.map((targetTokens, index) => ({
        targetTokens,
        inputs: Object.fromEntries(inputs.map((input, at) => [input, given[at]?.[index] ?? []])),
      }));
      const result = await evaluateObjective(await made(options, logprobs, examples), examples, logprobs);
      return {
        head: {
          type: 'evaluated',
          lengths: result.gradients.map(({ length }) => length),
          ownGradient,
          metrics: finite(result.metrics),
        },
        body: packRows([[[result.loss]], result.gradients]),
      };
    },
  };

  async function made(
    options: object,
    logprobs: readonly (readonly number[])[],
    examples: readonly ObjectiveExample[],
  ): Promise<Objective> {
    const common = {
      name: basename(file),
      needs: [],
      ...(metrics && { metrics: () => Metrics.parse(metrics(logprobs, examples, options)) }),
    };
    if (evaluate === undefined) {
      return { ...common, loss: (batch) => loss?.(batch, options) as ReturnType<typeof batch.input> };
    }
    const given = Evaluation.safeParse(await evaluate(logprobs, examples, options));
    if (given.success) return { ...common, evaluate: () => given.data };
    throw new WrongShape('`evaluate` must give {loss, gradients}: a number, and an array of numbers per example');
  }
}

/** JSON has no other numbers. */
function finite(metrics: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
}
