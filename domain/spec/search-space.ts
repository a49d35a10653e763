/** One parameter of a sweep: where its values come from. The words are those of Weights & Biases' sweeps. */
import { z } from 'zod';

/** Anything that a field of an experiment may hold; null takes an optional field away. */
export type ParameterValue = z.output<typeof Value>;
const Value = z.json();

const DISTRIBUTIONS = [
  'constant',
  'categorical',
  'int_uniform',
  'int_log_uniform_values',
  'uniform',
  'q_uniform',
  'log_uniform',
  'log_uniform_values',
  'q_log_uniform',
  'q_log_uniform_values',
  'normal',
  'q_normal',
  'log_normal',
  'q_log_normal',
] as const;
export type Distribution = (typeof DISTRIBUTIONS)[number];

const PATH = /^[A-Za-z0-9][\w-]*(\.[\w-]+)*$/;

/** Fields in the words of `--set`: a wrong one is told by the experiment's own schema. */
export const ParameterPath = z
  .string()
  .regex(PATH, 'use the path of a field of the experiment, e.g. train.optimizer.learningRate')
  .refine((path) => !path.split('.').includes('__proto__'), 'no field can have this name');

export const ParameterSpec = z
  .strictObject({
    distribution: z
      .enum(DISTRIBUTIONS)
      .optional()
      .describe('default: constant for value, categorical for values, int_uniform between two whole numbers, uniform'),
    value: Value.optional().describe('the same in every trial'),
    values: z.array(Value).min(1).optional().describe('one of these'),
    probabilities: z.array(z.number().min(0)).optional().describe('how likely each of the values is; default: alike'),
    min: z.number().optional().describe('of log_uniform and q_log_uniform: its natural logarithm'),
    max: z.number().optional().describe('of log_uniform and q_log_uniform: its natural logarithm'),
    q: z.number().positive().optional().describe('only multiples of it'),
    mu: z.number().optional().describe('mean of the normal distribution, of the logarithms for log_normal; default: 0'),
    sigma: z.number().positive().optional().describe('its standard deviation; default: 1'),
    when: z
      .record(z.string(), z.union([z.array(Value).min(1), Value]))
      .optional()
      .describe('this parameter exists only where others have these values, e.g. {train.batchSize: [32, 64]}'),
  })
  .superRefine((parameter, context) => {
    for (const { path, message } of parameterProblems(parameter)) context.addIssue({ code: 'custom', path, message });
  });
export type ParameterSpec = z.output<typeof ParameterSpec>;

/** The distribution that is named, or what the fields make of it, as Weights & Biases does. */
export function distributionOf(parameter: ParameterSpec): Distribution {
  const { distribution, values, min, max, q, mu, sigma } = parameter;
  if (distribution !== undefined) return distribution;
  if (parameter.value !== undefined) return 'constant';
  if (values !== undefined) return 'categorical';
  if (mu !== undefined || sigma !== undefined) return q === undefined ? 'normal' : 'q_normal';
  if (q !== undefined) return 'q_uniform';
  return Number.isInteger(min) && Number.isInteger(max) ? 'int_uniform' : 'uniform';
}

type Field = Exclude<keyof ParameterSpec, 'distribution' | 'when'>;

interface FieldProblem {
  readonly path: string[];
  readonly message: string;
}

function parameterProblems(parameter: ParameterSpec): FieldProblem[] {
  const distribution = distributionOf(parameter);
  const { needs, may } = fieldsOf(distribution);
  const given = FIELDS.filter((field) => parameter[field] !== undefined);
  if (given.length === 0) {
    return [{ path: [], message: 'has no values. Write values: [a, b, c], or min: and max:' }];
  }
  const missing = needs.filter((field) => parameter[field] === undefined);
  const foreign = given.filter((field) => !needs.includes(field) && !may.includes(field));
  const own = [
    ...missing.map((field) => missingProblem(distribution, field)),
    ...foreign.map((field) => foreignProblem(distribution, field)),
  ];
  return own.length > 0 ? own : [...rangeProblems(distribution, parameter), ...valuesProblems(parameter)];
}

const FIELDS: readonly Field[] = ['value', 'values', 'probabilities', 'min', 'max', 'q', 'mu', 'sigma'];

function fieldsOf(distribution: Distribution): { needs: Field[]; may: Field[] } {
  if (distribution === 'constant') return { needs: ['value'], may: [] };
  if (distribution === 'categorical') return { needs: ['values'], may: ['probabilities'] };
  const quantized: Field[] = distribution.startsWith('q_') ? ['q'] : [];
  if (distribution.endsWith('normal')) return { needs: [], may: ['mu', 'sigma', ...quantized] };
  return { needs: ['min', 'max'], may: quantized };
}

function missingProblem(distribution: Distribution, field: Field): FieldProblem {
  return { path: [field], message: `is missing: ${distribution} needs it` };
}

function foreignProblem(distribution: Distribution, field: Field): FieldProblem {
  const remedy =
    field === 'q'
      ? ` Use q_${distribution.replace(/^int_/, '')}, which has one, or leave it out`
      : ' Leave it out, or name another distribution';
  return { path: [field], message: `has no meaning for ${distribution}.${remedy}` };
}

function rangeProblems(distribution: Distribution, parameter: ParameterSpec): FieldProblem[] {
  const { min, max, q } = parameter;
  if (min === undefined || max === undefined) return [];
  if (min > max) return [{ path: ['min'], message: `lies above max, ${min} > ${max}. Exchange them` }];
  if (distribution.startsWith('int')) return integerProblems(distribution, min, max);
  if (min === max) {
    return [{ path: ['min'], message: `is the same as max. Write value: ${min} for what is the same in every trial` }];
  }
  if (distribution.endsWith('log_uniform_values') && min <= 0) return [notPositive(min)];
  const lattice = latticeOf(parameter);
  if (lattice === undefined || lattice.first <= lattice.last) return [];
  return [{ path: ['q'], message: `no multiple of ${q} lies between min and max. Make it smaller` }];
}

function integerProblems(distribution: Distribution, min: number, max: number): FieldProblem[] {
  if (!Number.isInteger(min) || !Number.isInteger(max)) {
    return [{ path: ['min'], message: `${distribution} is between whole numbers, got ${min} and ${max}. Use uniform` }];
  }
  return distribution === 'int_log_uniform_values' && min <= 0 ? [notPositive(min)] : [];
}

function notPositive(min: number): FieldProblem {
  return {
    path: ['min'],
    message: `must be greater than 0 on a logarithmic scale, got ${min}. Raise it, or use uniform`,
  };
}

/** Multiples of `q`, from the first to the last. */
export interface Lattice {
  readonly q: number;
  readonly first: number;
  readonly last: number;
}

/** Whole numbers, and what is quantized between bounds: its ends are in it, whatever rounding makes of them. */
export function latticeOf(parameter: ParameterSpec): Lattice | undefined {
  const { min, max, q = 1 } = parameter;
  const distribution = distributionOf(parameter);
  if (min === undefined || max === undefined) return undefined;
  if (distribution.startsWith('int')) return { q: 1, first: min, last: max };
  if (!distribution.startsWith('q_')) return undefined;
  const [low, high] = distribution === 'q_log_uniform' ? [Math.exp(min), Math.exp(max)] : [min, max];
  const first = Math.ceil(low / q - 1e-9);
  // The logarithm of 0 is none.
  return { q, first: distribution.includes('log') ? Math.max(first, 1) : first, last: Math.floor(high / q + 1e-9) };
}

function valuesProblems({ values, probabilities }: ParameterSpec): FieldProblem[] {
  if (values === undefined) return [];
  const texts = values.map((value) => JSON.stringify(value));
  const twice = texts.find((text, index) => texts.indexOf(text) !== index);
  if (twice !== undefined) {
    return [
      { path: ['values'], message: `${twice} stands there twice. What is to come more often has a higher probability` },
    ];
  }
  if (probabilities === undefined) return [];
  if (probabilities.length !== values.length) {
    return [
      { path: ['probabilities'], message: `one for each of the ${values.length} values, got ${probabilities.length}` },
    ];
  }
  const total = probabilities.reduce((sum, one) => sum + one, 0);
  if (Math.abs(total - 1) < 1e-6) return [];
  return [{ path: ['probabilities'], message: `must add up to 1, got ${Number(total.toPrecision(6))}` }];
}
