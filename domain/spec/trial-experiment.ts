/** The experiment that a trial runs, and which points of a space make none. */
import type { z } from 'zod';
import {
  distributionOf,
  latticeOf,
  type Distribution,
  type ParameterSpec,
  type ParameterValue,
} from './search-space.ts';
import { conditionsOf, multiple } from './space-rules.ts';
import { withSettings } from './spec-changes.ts';
import { RunSpec } from './spec.ts';

type Parameters = Readonly<Record<string, ParameterSpec>>;
type Values = Readonly<Record<string, ParameterValue>>;

export type TrialExperiment =
  | { readonly ok: true; readonly spec: RunSpec }
  /** `experiment` is what was validated: the words for its faults are found by looking at it. */
  | { readonly ok: false; readonly experiment: unknown; readonly issues: readonly z.core.$ZodIssue[] };

/** The experiment with a trial's parameters in it, as `--set` puts them there. */
export function trialExperiment(experiment: unknown, parameters: Values): TrialExperiment {
  const changed = withSettings(experiment, parameters);
  const parsed = RunSpec.safeParse(changed);
  if (parsed.success) return { ok: true, spec: parsed.data };
  return { ok: false, experiment: changed, issues: parsed.error.issues };
}

export interface BadPoint {
  /** The parameter that was varied. */
  readonly parameter: string;
  readonly value: ParameterValue;
  readonly experiment: unknown;
  readonly issues: readonly z.core.$ZodIssue[];
}

/**
 * Points at which the experiment's schema refuses it: each value of each parameter, or the ends of its range, where all
 * others have their first value. Of one parameter the first bad point is told, with the faults that are its own.
 */
export function badPoints(experiment: unknown, parameters: Parameters): BadPoint[] {
  const names = Object.keys(parameters);
  const base = trialExperiment(experiment, firstPoint(parameters, {}));
  const known = new Set(base.ok ? [] : base.issues.map(textOf));
  return names.flatMap((parameter, index) => {
    const isOwn = (issue: Issue): boolean => {
      if (concerns(issue, parameter)) return true;
      if (names.some((other) => concerns(issue, other))) return false;
      // No parameter's alone: of the one that brings it about, or told once.
      return index === 0 || !known.has(textOf(issue));
    };
    for (const value of endsOf(parameters[parameter] ?? {})) {
      const tried = trialExperiment(experiment, pointWith(parameters, parameter, value));
      const issues = tried.ok ? [] : tried.issues.filter(isOwn);
      if (!tried.ok && issues.length > 0) return [{ parameter, value, experiment: tried.experiment, issues }];
    }
    return [];
  });
}

type Issue = z.core.$ZodIssue;

function textOf({ path, message }: Issue): string {
  return JSON.stringify([path.map(String), message]);
}

/** The field of the parameter itself, what is inside of it, or the section that it would be in. */
function concerns(issue: Issue, parameter: string): boolean {
  const places = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
  return places.some((place) => {
    const path = place.map(String).join('.');
    return path !== '' && (`${parameter}.`.startsWith(`${path}.`) || path.startsWith(`${parameter}.`));
  });
}

/** All conditions of the parameter hold; every other one has its first value, or is absent where its own do not. */
function pointWith(parameters: Parameters, chosen: string, value: ParameterValue): Values {
  const fixed: Record<string, ParameterValue> = { [chosen]: value };
  const enable = (name: string): void => {
    for (const [parent, [first]] of conditionsOf(parameters[name] ?? {})) {
      if (first === undefined || parent in fixed) continue;
      fixed[parent] = first;
      enable(parent);
    }
  };
  enable(chosen);
  return firstPoint(parameters, fixed);
}

function firstPoint(parameters: Parameters, fixed: Values): Values {
  const point: Record<string, ParameterValue> = {};
  const settle = (name: string): boolean => {
    const spec = parameters[name];
    if (spec === undefined) return false;
    if (name in point) return true;
    const holds = conditionsOf(spec).every(
      ([parent, values]) =>
        settle(parent) && values.some((one) => JSON.stringify(one) === JSON.stringify(point[parent])),
    );
    const first = fixed[name] ?? endsOf(spec)[0];
    if (holds && first !== undefined) point[name] = first;
    return holds;
  };
  for (const name of Object.keys(parameters)) settle(name);
  // In the order of the file, as a trial has them.
  return Object.fromEntries(
    Object.keys(parameters).flatMap((name) => (name in point ? [[name, point[name] ?? null]] : [])),
  );
}

/** Every value of a list, the ends of a range; of a normal distribution, what comes within three deviations. */
function endsOf(parameter: ParameterSpec): readonly ParameterValue[] {
  const distribution = distributionOf(parameter);
  if (distribution === 'constant') return [parameter.value ?? null];
  if (distribution === 'categorical') return parameter.values ?? [];
  const lattice = latticeOf(parameter);
  if (lattice !== undefined) return [multiple(lattice.first, lattice.q), multiple(lattice.last, lattice.q)];
  return rangeOf(distribution, parameter);
}

function rangeOf(distribution: Distribution, { min = 0, max = 0, mu = 0, sigma = 1 }: ParameterSpec): number[] {
  const ends = distribution.endsWith('normal') ? [mu - 3 * sigma, mu + 3 * sigma] : [min, max];
  return distribution === 'log_uniform' || distribution.endsWith('log_normal') ? ends.map(Math.exp) : ends;
}
