/** Changing fields of an experiment by their paths, and telling two experiments apart. Pure. */

/** Values by the path of their field; null takes an optional field away. */
export type Settings = Readonly<Record<string, unknown>>;

type Section = Readonly<Record<string, unknown>>;

/** Short for what is changed most often. */
export const ALIASES: Readonly<Record<string, string>> = { 'train.learningRate': 'train.optimizer.learningRate' };

/** The experiment with these fields changed: still to be validated. */
export function withSettings(spec: unknown, settings: Settings): unknown {
  let changed: unknown = spec;
  for (const [name, value] of Object.entries(settings)) {
    const path = ALIASES[name] ?? name;
    changed = setIn(changed, path.split('.'), value);
    // What is set counts for all of the run, not until a change that its parent had.
    if (path === 'train.optimizer.learningRate' && !('train.rateChanges' in settings)) {
      changed = setIn(changed, ['train', 'rateChanges'], null);
    }
    // Of the two ways to say how long, the one that is asked for replaces the other.
    if (path === 'train.steps') changed = setIn(changed, ['train', 'epochs'], null);
    if (path === 'train.batchSize' && value !== 0) changed = setIn(changed, ['data', 'batchByTokens'], null);
    if (path === 'data.batchByTokens' && value !== null) changed = setIn(changed, ['train', 'batchSize'], 0);
    if (path === 'train.epochs') changed = setIn(changed, ['train', 'steps'], 0);
  }
  return changed;
}

function setIn(target: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(target)) {
    return target.map((item: unknown, index) => (String(index) === key ? setIn(item, rest, value) : item));
  }
  const { [key]: inner, ...others } = isSection(target) ? target : {};
  const changed = setIn(inner, rest, value);
  return changed === null ? others : { ...(isSection(target) ? target : {}), [key]: changed };
}

/** Every field in which `after` differs from `before`, in their order; a list counts as one value. */
export function fieldChanges(before: object, after: object): SpecChange[] {
  const found: SpecChange[] = [];
  collect('', before, after, found);
  return found;
}

/** Looks at most fields only once: a list of runs is told apart by thousands of experiments that are nearly alike. */
function collect(path: string, before: unknown, after: unknown, found: SpecChange[]): void {
  if (before === after) return;
  if (isSection(before) && isSection(after)) {
    for (const key in { ...before, ...after }) {
      if (before[key] !== after[key]) collect(path === '' ? key : `${path}.${key}`, before[key], after[key], found);
    }
  } else if (!same(before, after)) {
    found.push({ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) });
  }
}

function same(one: unknown, other: unknown): boolean {
  if (isSection(one) && isSection(other)) return fieldChanges(one, other).length === 0;
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  return one.length === other.length && one.every((item, index) => same(item, other[index]));
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `train.optimizer.learningRate 0.01 → 0.001` */
export function changeText({ path, before, after }: SpecChange): string {
  return `${path} ${valueText(before)} → ${valueText(after)}`;
}

export function valueText(value: unknown): string {
  if (value === undefined) return '(absent)';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A field of an experiment that differs; where a side is absent, so is the field. */
export interface SpecChange {
  /** Field by field, e.g. `train.optimizer.learningRate`. */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}
