import { describe, expect, test } from '@jest/globals';
import { differentiate } from '../../activities/objectives/differentiate.ts';
import type { Values } from '../../activities/objectives/values.ts';

const at = { rows: 2, columns: 3, data: Float32Array.from([-0.1, -0.5, -2, -1, -0.25, -3]) };
const other = { data: Float32Array.from([0.5, -1, 2, 1, 3, -0.5]) };

type Loss = (x: Values, y: Values) => Values;

async function slopes(loss: Loss): Promise<{ gradient: number[]; finite: number[] }> {
  const run = async (data: Float32Array): Promise<{ value: number; gradient: Float32Array }> =>
    differentiate({ ...at, data }, (x, constant) => loss(x, constant(other.data)));
  const { gradient } = await run(at.data);
  const h = 2 ** -9;
  const finite: number[] = [];
  for (let i = 0; i < at.data.length; i++) {
    const moved = (by: number): Float32Array => at.data.map((value, j) => (i === j ? value + by : value));
    finite.push(((await run(moved(h))).value - (await run(moved(-h))).value) / (2 * h));
  }
  return { gradient: [...gradient], finite };
}

describe('gradient', () => {
  test.each<[string, Loss]>([
    ['sums and products', (x, y) => x.mul(y).add(x).sub(2).sum()],
    ['quotients', (x, y) => y.div(x).mean()],
    ['exp and log', (x) => x.exp().add(x.neg().log()).sum()],
    ['log-sigmoid', (x, y) => x.mul(y).logSigmoid().sum()],
    ['powers', (x) => x.neg().pow(3).sum()],
    ['minimum, maximum and clip', (x, y) => x.min(y).add(x.max(-0.4)).add(x.clip(-1.5, -0.3)).sum()],
    ['sums over positions', (x, y) => x.mul(y).sumPositions().mul(x.sumPositions()).sum()],
    ['pairs', (x, y) => x.sumPositions().pairs().even.mul(x.mul(y).sumPositions().pairs().odd).sum()],
  ])('of %s is the finite difference', async (_, loss) => {
    const { gradient, finite } = await slopes(loss);
    const errors = gradient.map(
      (value, index) => Math.abs(value - (finite[index] ?? Number.NaN)) / (1 + Math.abs(value)),
    );
    expect(Math.max(...errors)).toBeLessThan(0.01);
  });
  test('does not flow through what is detached', async () => {
    const { gradient } = await differentiate(at, (x) => x.detach().mul(x).sum());
    expect([...gradient]).toEqual([...at.data]);
  });
  test('of a loss that is compiled already follows the numbers of the batch', async () => {
    for (const scale of [2, 3]) {
      const { value, gradient } = await differentiate(at, (x, constant) =>
        x
          .mul(constant(other.data.map((entry) => entry * scale)))
          .mul(scale)
          .sum(),
      );
      expect([...gradient]).toEqual([...other.data].map((entry) => entry * scale * scale));
      expect(value).toBeCloseTo(
        at.data.reduce((sum, entry, i) => sum + entry * (other.data[i] ?? 0), 0) * scale ** 2,
        4,
      );
    }
  });
  test('of a loss that ignores its argument is zero', async () => {
    const { value, gradient } = await differentiate(at, (_, constant) => constant(other.data).sum());
    expect(value).toBe(5);
    expect([...gradient]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
