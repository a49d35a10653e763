/** Which runs are listed, and in which order: `--where`, `--tag`, `--sort`. Pure. */
import { parse } from 'yaml';
import { ALIASES } from '../../domain/spec/spec-changes.ts';
import { UserError } from '../errors.ts';
import { patternOf } from '../pattern.ts';
import type { RunSummary } from './run-view.ts';

export interface RunChoice {
  /** Conditions, all of which must hold: `outcome=failed`, `score>=0.3`, `train.learningRate<1e-3`, `name~^night`. */
  readonly where?: readonly string[];
  /** Tags, all of which a run must have. */
  readonly tags?: readonly string[];
  /** A field, with `-` in front: the largest first. */
  readonly sort?: string;
}

type Value = unknown;

/** What a run is known by, beside the fields of its experiment. */
const FACTS: Readonly<Record<string, (run: RunSummary) => Value>> = {
  run: ({ runId }) => runId,
  outcome: ({ outcome }) => outcome,
  phase: ({ phase }) => phase,
  step: ({ step }) => step,
  score: ({ score }) => score?.score,
  started: ({ createdAt }) => createdAt,
  hours: ({ seconds }) => (seconds === undefined ? undefined : seconds / 3_600),
  cost: ({ cost }) => cost?.amount,
  reason: ({ reason }) => reason,
};

/** For the help of the command. */
export const FACT_NAMES = Object.keys(FACTS).join(', ');

export function chosen(runs: readonly RunSummary[], { where = [], tags = [], sort }: RunChoice): RunSummary[] {
  const conditions = where.map(conditionOf);
  const kept = runs.filter(
    (run) => conditions.every((holds) => holds(run)) && tags.every((tag) => run.spec?.tags?.includes(tag) === true),
  );
  return sort === undefined ? kept : sorted(kept, sort);
}

const CONDITION = /^([a-zA-Z][\w.-]*)(!=|>=|<=|=|>|<|~)(.*)$/s;

function conditionOf(text: string): (run: RunSummary) => boolean {
  const [, field = '', operator = '', value = ''] = CONDITION.exec(text) ?? [];
  if (field === '') {
    throw new UserError(
      `--where ${text}: no condition.`,
      `Write a field, one of = != > >= < <= ~ and a value: score>=0.3. Fields are ${FACT_NAMES}, and those of the experiment.`,
    );
  }
  const read = reader(field);
  if (operator === '~') {
    const pattern = patternOf(value, `--where ${text}`);
    return (run) => pattern.test(textOf(read(run)));
  }
  const wanted = wantedOf(text, value);
  return (run) => compares(read(run), operator, wanted);
}

function wantedOf(text: string, value: string): Value {
  try {
    return parse(value) as Value;
  } catch (cause) {
    throw new UserError(`--where ${text}: the value cannot be read.`, 'Write it as in the experiment, in YAML.', {
      cause,
    });
  }
}

function reader(field: string): (run: RunSummary) => Value {
  const fact = FACTS[field];
  if (fact !== undefined) return fact;
  const path = (ALIASES[field] ?? field).split('.');
  return ({ spec }) => path.reduce<Value>((value, key) => (value as Record<string, Value> | undefined)?.[key], spec);
}

/** What is absent is only told apart by `=` and `!=`: it is neither more nor less than anything. */
function compares(value: Value, operator: string, wanted: Value): boolean {
  if (operator === '=') return equal(value, wanted);
  if (operator === '!=') return !equal(value, wanted);
  const order = orderOf(value, wanted);
  if (order === undefined) return false;
  if (operator === '>') return order > 0;
  if (operator === '>=') return order >= 0;
  return operator === '<' ? order < 0 : order <= 0;
}

function equal(value: Value, wanted: Value): boolean {
  if (value === undefined || value === null) return wanted === null || wanted === undefined;
  return value === wanted || JSON.stringify(value) === JSON.stringify(wanted) || textOf(value) === textOf(wanted);
}

function orderOf(value: Value, wanted: Value): number | undefined {
  if (typeof value === 'number' && typeof wanted === 'number') return value - wanted;
  if (typeof value === 'string' && wanted !== null && wanted !== undefined) return value.localeCompare(textOf(wanted));
  return undefined;
}

function textOf(value: Value): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Those without the field come last, whichever way. */
function sorted(runs: readonly RunSummary[], sort: string): RunSummary[] {
  const down = sort.startsWith('-');
  const read = reader(down ? sort.slice(1) : sort);
  const known = (run: RunSummary): boolean => read(run) !== undefined && read(run) !== null;
  if (runs.length > 0 && !runs.some(known)) {
    throw new UserError(
      `--sort ${sort}: no run has this field.`,
      `Fields are ${FACT_NAMES}, and those of the experiment.`,
    );
  }
  const order = (one: RunSummary, other: RunSummary): number =>
    orderOf(read(one), read(other)) ?? textOf(read(one)).localeCompare(textOf(read(other)));
  const first = runs.filter(known).toSorted((one, other) => (down ? order(other, one) : order(one, other)));
  return [...first, ...runs.filter((run) => !known(run))];
}
