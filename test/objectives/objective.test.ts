import { describe, expect, test } from '@jest/globals';
import * as builtIn from '../../activities/objectives/built-in.ts';
import { evaluateObjective, type Objective, type ObjectiveExample } from '../../activities/objectives/objective.ts';

/** Numbers like a batch's, the same in every run. */
function numbers(count: number, seed: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.abs(Math.sin(seed * 12.9898 + index * 78.233)) % 1);
}

const LENGTHS = [5, 3, 4, 5];
const examples: ObjectiveExample[] = LENGTHS.map((length, row) => ({
  targetTokens: numbers(length, row).map((_, index) => index),
  inputs: {
    weights: numbers(length, row + 10).map((value, index) => (index === 0 ? 0 : (value + 0.2) / 10)),
    advantages: numbers(length, row + 20).map((value) => value * 4 - 2),
    logprobs: numbers(length, row + 30).map((value) => -0.2 - 2 * value),
    reference_logprobs: numbers(length, row + 40).map((value) => -0.2 - 2 * value),
  },
}));
const logprobs = LENGTHS.map((length, row) => numbers(length, row + 50).map((value) => -0.2 - 2 * value));

async function lossAt(objective: Objective, at: readonly (readonly number[])[]): Promise<number> {
  return (await evaluateObjective(objective, examples, at)).loss;
}

/** Largest error of a gradient against central differences, relative to the gradient's own size. */
async function gradientError(objective: Objective, h: number): Promise<number> {
  const { gradients } = await evaluateObjective(objective, examples, logprobs);
  const largest = Math.max(...gradients.flat().map(Math.abs));
  expect(largest).toBeGreaterThan(0);
  let worst = 0;
  for (const [row, values] of logprobs.entries()) {
    for (const column of values.keys()) {
      const moved = (by: number): number[][] =>
        logprobs.map((other, i) => other.map((value, j) => (i === row && j === column ? value + by : value)));
      const slope = ((await lossAt(objective, moved(h))) - (await lossAt(objective, moved(-h)))) / (2 * h);
      worst = Math.max(worst, Math.abs(slope - (gradients[row]?.[column] ?? Number.NaN)));
    }
  }
  return worst / largest;
}

const input = (row: number, name: string, column: number): number =>
  examples[row]?.inputs[name]?.[column] ?? Number.NaN;

function perToken(of: (logprob: number, row: number, column: number) => [loss: number, slope: number]): Objective {
  return {
    name: 'analytic',
    needs: ['weights'],
    evaluate: (at) => {
      const terms = at.map((values, row) => values.map((value, column) => of(value, row, column)));
      return {
        loss: terms.flat().reduce((sum, [loss]) => sum + loss, 0),
        gradients: terms.map((row) => row.map(([, slope]) => slope)),
      };
    },
  };
}

const BETA = 0.3;
const analytic: Record<string, Objective> = {
  policyGradient: perToken((logprob, row, column) => {
    const slope = -input(row, 'advantages', column) * input(row, 'weights', column);
    return [slope * logprob, slope];
  }),
  ppo: perToken((logprob, row, column) => {
    const [advantage, weight] = [input(row, 'advantages', column), input(row, 'weights', column)];
    const ratio = Math.exp(logprob - input(row, 'logprobs', column));
    const clipped = Math.min(Math.max(ratio, 0.8), 1.2);
    const d = input(row, 'reference_logprobs', column) - logprob;
    const kl = BETA * weight * (Math.exp(d) - d - 1);
    const open = ratio * advantage <= clipped * advantage;
    const policy = open ? -weight * advantage * ratio : 0;
    return [
      -weight * Math.min(ratio * advantage, clipped * advantage) + kl,
      policy + BETA * weight * (1 - Math.exp(d)),
    ];
  }),
  dpo: {
    name: 'analytic dpo',
    needs: [],
    evaluate: (at) => {
      const pairs = at.length / 2;
      const on = (row: number, column: number): number => (input(row, 'weights', column) === 0 ? 0 : 1);
      const gain = at.map((values, row) =>
        values.reduce((sum, v, column) => sum + on(row, column) * (v - input(row, 'reference_logprobs', column)), 0),
      );
      const margin = (row: number): number => {
        const first = row - (row % 2);
        return BETA * ((gain[first] ?? 0) - (gain[first + 1] ?? 0));
      };
      const loss = gain.reduce((sum, _, row) => (row % 2 === 0 ? sum + Math.log1p(Math.exp(-margin(row))) : sum), 0);
      return {
        loss: loss / pairs,
        gradients: at.map((values, row) =>
          values.map((_, column) => {
            const slope = (BETA / (1 + Math.exp(margin(row))) / pairs) * on(row, column);
            return row % 2 === 0 ? -slope : slope;
          }),
        ),
      };
    },
  },
};

describe('gradient is the finite difference', () => {
  test.each<[string, Objective]>([
    ['cross_entropy', builtIn.crossEntropy()],
    ['focal', builtIn.focal({ gamma: 1.5 })],
    ['sequence_mean', builtIn.sequenceMean()],
    ['policy_gradient', builtIn.policyGradient()],
    ['ppo', builtIn.ppo()],
    ['ppo with kl', builtIn.ppo({ klBeta: BETA })],
    ['kl', builtIn.kl()],
    ['dpo', builtIn.dpo({ beta: BETA })],
    ['orpo', builtIn.orpo({ lambda: 0.5 })],
  ])('of %s, differentiated', async (_, objective) => {
    expect(await gradientError(objective, 2 ** -8)).toBeLessThan(0.01);
  });
  test.each(Object.entries(analytic))('of %s, given', async (_, objective) => {
    expect(await gradientError(objective, 1e-5)).toBeLessThan(1e-6);
  });
});

describe('differentiated and given gradients agree', () => {
  test.each<[string, Objective, Objective | undefined]>([
    ['policy gradient', builtIn.policyGradient(), analytic['policyGradient']],
    ['ppo with kl', builtIn.ppo({ klBeta: BETA }), analytic['ppo']],
    ['dpo', builtIn.dpo({ beta: BETA }), analytic['dpo']],
  ])('%s', async (_, differentiated, given) => {
    if (given === undefined) throw new Error('no such objective');
    const [a, b] = [
      await evaluateObjective(differentiated, examples, logprobs),
      await evaluateObjective(given, examples, logprobs),
    ];
    expect(a.loss).toBeCloseTo(b.loss, 5);
    a.gradients.forEach((row, i) => row.forEach((slope, j) => expect(slope).toBeCloseTo(b.gradients[i]?.[j] ?? 9, 5)));
  });
});

describe('a batch', () => {
  test('gives the same numbers each time', async () => {
    const objective = builtIn.dpo();
    expect(await evaluateObjective(objective, examples, logprobs)).toEqual(
      await evaluateObjective(objective, examples, logprobs),
    );
  });
  test('of one pair that the model and the reference see alike has loss log 2', async () => {
    const pair = examples.slice(0, 2);
    const reference = pair.map(({ inputs }) => inputs['reference_logprobs'] ?? []);
    expect((await evaluateObjective(builtIn.dpo(), pair, reference)).loss).toBeCloseTo(Math.LN2, 6);
  });
  test.each<[string, Objective, ObjectiveExample[], string]>([
    ['lacks an input', builtIn.kl(), [{ targetTokens: [1], inputs: { weights: [1] } }], 'needs 1 reference_logprobs'],
    ['is odd, for pairs', builtIn.orpo(), [{ targetTokens: [1], inputs: { weights: [1] } }], 'pairs'],
    ['is empty', builtIn.crossEntropy(), [], 'needs examples'],
  ])('that %s is refused', async (_, objective, batch, text) => {
    await expect(
      evaluateObjective(
        objective,
        batch,
        batch.map(() => [-1]),
      ),
    ).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringContaining(text),
    });
  });
  test('carries the metrics of its objective', async () => {
    const objective: Objective = { ...builtIn.crossEntropy(), metrics: (rows) => ({ 'rows:sum': rows.length }) };
    expect((await evaluateObjective(objective, examples, logprobs)).metrics).toEqual({ 'rows:sum': 4 });
  });
  test('whose gradient has another shape is refused', async () => {
    const objective: Objective = { name: 'odd', needs: [], evaluate: () => ({ loss: 0, gradients: [[0]] }) };
    await expect(evaluateObjective(objective, examples, logprobs)).rejects.toThrow('objective odd gave 1 slopes for 5');
  });
});
