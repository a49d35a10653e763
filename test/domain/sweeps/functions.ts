/** Functions whose least value is known, over spaces of each kind; the same as in oracle/tpe.py. */
import type { TrialParameters } from '../../../domain/words/sweep.ts';

export interface TestFunction {
  readonly parameters: object;
  /** At the best point it is 0. */
  readonly regret: (point: TrialParameters) => number;
}

const number = (point: TrialParameters, name: string): number => Number(point[name]);

/** Of one of a few names. */
function cost(costs: Readonly<Record<string, number>>, name: unknown): number {
  return typeof name === 'string' ? (costs[name] ?? Number.NaN) : Number.NaN;
}

const OPTIMIZERS = { adam: 0, lion: 0.4, sgd: 1.5, rms: 0.8 };
const SCHEDULES = { flat: 0.9, linear: 0.5, cosine: 0, wsd: 0.2, square: 2 };

export const FUNCTIONS: Readonly<Record<string, TestFunction>> = {
  log: {
    parameters: {
      rate: { distribution: 'log_uniform_values', min: 1e-6, max: 1 },
      decay: { distribution: 'log_uniform_values', min: 1e-8, max: 1e-1 },
      eps: { distribution: 'log_uniform_values', min: 1e-12, max: 1e-4 },
    },
    regret(point) {
      const rate = Math.log10(number(point, 'rate')) + 3;
      const decay = Math.log10(number(point, 'decay')) + 5;
      const eps = Math.log10(number(point, 'eps')) + 8;
      return Math.abs(rate) + 0.5 * Math.abs(decay) + 0.3 * Math.abs(eps - rate);
    },
  },
  categorical: {
    parameters: {
      optimizer: { values: Object.keys(OPTIMIZERS) },
      schedule: { values: Object.keys(SCHEDULES) },
      x: { distribution: 'uniform', min: -5, max: 5 },
      y: { distribution: 'uniform', min: -5, max: 5 },
    },
    regret(point) {
      const both = point['optimizer'] === 'lion' && point['schedule'] === 'wsd' ? 0.5 : 0;
      const chosen = cost(OPTIMIZERS, point['optimizer']) + cost(SCHEDULES, point['schedule']) - both;
      return chosen + Math.abs(number(point, 'x') - 1.7) + Math.abs(number(point, 'y') + 0.4);
    },
  },
  conditional: {
    parameters: {
      kind: { values: ['a', 'b', 'c'] },
      w: { distribution: 'uniform', min: -2, max: 2 },
      x: { distribution: 'uniform', min: -5, max: 5, when: { kind: 'a' } },
      y: { distribution: 'uniform', min: -5, max: 5, when: { kind: 'b' } },
      z: { distribution: 'uniform', min: 0, max: 1, when: { kind: 'b' } },
    },
    regret(point) {
      const shared = Math.abs(number(point, 'w') - 0.7);
      if (point['kind'] === 'a') return shared + 2 + Math.abs(number(point, 'x'));
      if (point['kind'] === 'b')
        return shared + Math.abs(number(point, 'y') - 2) + 4 * Math.abs(number(point, 'z') - 0.3);
      return shared + 3;
    },
  },
  mixed: {
    parameters: {
      rate: { distribution: 'log_uniform_values', min: 1e-6, max: 1 },
      batch: { distribution: 'q_uniform', min: 8, max: 128, q: 8 },
      layers: { distribution: 'int_uniform', min: 1, max: 8 },
      kind: { values: ['wide', 'deep', 'plain'] },
      dropout: { distribution: 'uniform', min: 0, max: 0.5 },
    },
    regret(point) {
      const rate = Math.log10(number(point, 'rate')) + 3;
      const batch = (number(point, 'batch') - 48) / 40;
      return (
        Math.abs(rate) +
        Math.abs(batch) +
        0.2 * Math.abs(number(point, 'layers') - 5) +
        (point['kind'] === 'deep' ? 0 : 1.5) +
        4 * Math.abs(number(point, 'dropout') - 0.15)
      );
    },
  },
};
