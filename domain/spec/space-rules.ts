/** What no parameter can tell for itself: conditions between them, how large their space is, and what fits the method. */
import { distributionOf, latticeOf, type ParameterSpec, type ParameterValue } from './search-space.ts';

type Parameters = Readonly<Record<string, ParameterSpec>>;

interface SpaceProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What is told of the space, whatever searches it. */
export function spaceProblems(parameters: Parameters): SpaceProblem[] {
  const names = Object.keys(parameters);
  if (names.length === 0) {
    const message = 'names nothing to search. Add a field, e.g. train.optimizer.learningRate: {min: 0.0001, max: 0.03}';
    return [{ path: ['parameters'], message }];
  }
  return [...names.flatMap((name) => conditionProblems(parameters, name)), ...circles(parameters), ...overlaps(names)];
}

/** Names and the values they are bound to; a single value is a list of one. */
export function conditionsOf({ when = {} }: ParameterSpec): [string, readonly ParameterValue[]][] {
  return Object.entries(when).map(([name, value]) => [name, Array.isArray(value) ? value : [value]]);
}

function conditionProblems(parameters: Parameters, name: string): SpaceProblem[] {
  const own = parameters[name];
  if (own === undefined) return [];
  return conditionsOf(own).flatMap(([parent, values]) => {
    const path = ['parameters', name, 'when', parent];
    const other = parameters[parent];
    if (other === undefined) {
      return [{ path, message: `there is no parameter "${parent}". Known: ${Object.keys(parameters).join(', ')}` }];
    }
    const possible = valuesOf(other);
    if (possible === undefined) {
      return [{ path, message: `${parent} never has exactly this value. A condition needs a parameter with values` }];
    }
    const texts = new Set(possible.map(textOf));
    const never = values.find((value) => !texts.has(textOf(value)));
    if (never === undefined) return [];
    return [
      {
        path,
        message: `${parent} is never ${textOf(never)}. It is one of ${possible.slice(0, 20).map(textOf).join(', ')}`,
      },
    ];
  });
}

function textOf(value: ParameterValue): string {
  return JSON.stringify(value);
}

/** Each circle once, told where it begins in the file. */
function circles(parameters: Parameters): SpaceProblem[] {
  const names = Object.keys(parameters);
  const found = names.find((name) => ancestors(parameters, name).has(name));
  if (found === undefined) return [];
  return [{ path: ['parameters', found, 'when'], message: 'depends on itself. Take away one of these conditions' }];
}

function ancestors(parameters: Parameters, name: string): Set<string> {
  const seen = new Set<string>();
  const parentsOf = (of: string): string[] => Object.keys(parameters[of]?.when ?? {});
  const waiting = parentsOf(name);
  for (let parent = waiting.pop(); parent !== undefined; parent = waiting.pop()) {
    if (seen.has(parent)) continue;
    seen.add(parent);
    waiting.push(...parentsOf(parent));
  }
  return seen;
}

/** A field, and a section that holds it: which of them counts would hang on their order. */
function overlaps(names: readonly string[]): SpaceProblem[] {
  return names.flatMap((name) => {
    const outer = names.find((other) => name.startsWith(`${other}.`));
    return outer === undefined
      ? []
      : [
          {
            path: ['parameters', name],
            message: `lies inside of ${outer}, which is a parameter too. Leave one of them out`,
          },
        ];
  });
}

/** Every value in order, smallest first or as the file has them; undefined where they cannot be counted. */
export function valuesOf(parameter: ParameterSpec): ParameterValue[] | undefined {
  const distribution = distributionOf(parameter);
  if (distribution === 'constant') return [parameter.value ?? null];
  if (distribution === 'categorical') return parameter.values ?? [];
  const lattice = latticeOf(parameter);
  if (lattice === undefined) return undefined;
  const length = Math.max(0, Math.min(MOST_VALUES, lattice.last - lattice.first + 1));
  return Array.from({ length }, (_, index) => multiple(lattice.first + index, lattice.q));
}

/** A grid over more is a slip; nothing needs its values one by one. */
const MOST_VALUES = 100_000;

/** 3 · 0.1 as a person writes it. */
export function multiple(times: number, q: number): number {
  return Number((times * q).toPrecision(12));
}

interface Asked {
  readonly method: 'grid' | 'random' | 'tpe' | 'pbt';
  readonly trials?: number | undefined;
  readonly concurrency: number;
  readonly parameters: Parameters;
  readonly population: { readonly size: number; readonly perturb: readonly [number, number] };
  readonly stopEarly?: object | undefined;
}

export function methodProblems(asked: Asked): SpaceProblem[] {
  if (asked.method === 'grid') return gridProblems(asked);
  if (asked.method === 'pbt') return populationProblems(asked);
  if (asked.trials !== undefined) return [];
  return [
    {
      path: ['trials'],
      message: `is missing: ${asked.method} never comes to an end by itself. Add how many, e.g. trials: 24`,
    },
  ];
}

function gridProblems({ parameters }: Asked): SpaceProblem[] {
  return Object.entries(parameters).flatMap(([name, parameter]) => {
    if (valuesOf(parameter) !== undefined) return [];
    const message = `a grid has no end over ${distributionOf(parameter)}. Write values: […], or q_uniform with q, or method: random`;
    return [{ path: ['parameters', name], message }];
  });
}

function populationProblems({ population, trials, stopEarly, parameters }: Asked): SpaceProblem[] {
  const found: SpaceProblem[] = [];
  if (trials !== undefined && trials !== population.size) {
    found.push({
      path: ['trials'],
      message: `pbt has one for each member, ${population.size}. Set population.size, and leave it out`,
    });
  }
  if (stopEarly !== undefined) {
    found.push({
      path: ['stopEarly'],
      message: 'members of a population are never stopped: they go on from better ones. Leave it out',
    });
  }
  if (Object.values(parameters).every((parameter) => distributionOf(parameter) === 'constant')) {
    found.push({ path: ['parameters'], message: 'are all the same in every member. Add one that differs' });
  }
  return found;
}
