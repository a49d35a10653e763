/** Sweep files as Weights & Biases writes them, in pawl's own words: one form is checked, whoever wrote it. */
import { ALIASES } from './spec-changes.ts';

type Section = Readonly<Record<string, unknown>>;
type Path = readonly PropertyKey[];

/** The sweep in pawl's words, and where in the file a field of it stands. */
export interface SweepInWords {
  readonly value: unknown;
  readonly placeOf: (path: Path) => Path;
  /** What is Weights & Biases' own and has no meaning here. */
  readonly refused: readonly { readonly path: Path; readonly message: string }[];
}

export function inOwnWords(input: unknown): SweepInWords {
  if (!isSection(input)) return { value: input, placeOf: (path) => path, refused: [] };
  const places = new Places();
  const refused = refusals(input);
  const sections = Object.entries(input)
    .filter(([key]) => !(key in REFUSED))
    .map(([key, value]) => ownSection(key, value, places));
  return { value: Object.fromEntries(sections), placeOf: (path) => places.of(path), refused };
}

/** Where what was renamed stands in the file, the longest name first. */
class Places {
  private readonly moved: { readonly own: Path; readonly file: Path }[] = [];

  add(own: Path, file: Path): void {
    this.moved.push({ own, file });
  }

  of(path: Path): Path {
    const fits = this.moved.filter(({ own }) => own.every((key, index) => path[index] === key));
    const [longest] = fits.sort((one, other) => other.own.length - one.own.length);
    return longest === undefined ? path : [...longest.file, ...path.slice(longest.own.length)];
  }
}

const REFUSED: Readonly<Record<string, string>> = {
  program: 'pawl runs an experiment, not a program. Write experiment: <path of an experiment file>',
  command: 'pawl runs an experiment, not a command. Write experiment: <path of an experiment file>',
  entity: 'belongs to the site of Weights & Biases. Leave it out',
  project: 'belongs to the site of Weights & Biases. Leave it out',
};

function refusals(input: Section): SweepInWords['refused'] {
  return Object.entries(REFUSED).flatMap(([key, message]) => (key in input ? [{ path: [key], message }] : []));
}

const TOP: Readonly<Record<string, string>> = { runCap: 'trials', earlyTerminate: 'stopEarly' };

function ownSection(key: string, value: unknown, places: Places): [string, unknown] {
  const camel = camelCase(key);
  const own = TOP[camel] ?? camel;
  if (own !== key) places.add([own], [key]);
  if (own === 'method') return [own, value === 'bayes' ? 'tpe' : value];
  if (own === 'parameters')
    return [own, isSection(value) ? flattened(value, { file: [key], prefix: '' }, places) : value];
  if (own === 'experiment' || !isSection(value)) return [own, value];
  if (camel === 'earlyTerminate') return [own, earlyTerminate(value, key, places)];
  return [own, renamed(value, { own: [own], file: [key] }, places)];
}

/** `promote: { to: prod }` */
const INNER: Readonly<Record<string, string>> = { 'promote.to': 'alias' };

function renamed(section: Section, at: { own: Path; file: Path }, places: Places): Section {
  const entries = Object.entries(section).map(([key, value]) => {
    const camel = camelCase(key);
    const own = INNER[`${String(at.own[0])}.${camel}`] ?? camel;
    if (own !== key) places.add([...at.own, own], [...at.file, key]);
    return [own, value];
  });
  return Object.fromEntries(entries) as Section;
}

/**
 * What Weights & Biases calls Hyperband stops a trial at each of its "brackets", min_iter·etaⁿ, unless it is among the
 * best 1/eta there: asynchronous successive halving. Its iterations are how often the metric was logged: evaluations.
 */
function earlyTerminate(section: Section, key: string, places: Places): Section {
  const camel = renamed(section, { own: ['stopEarly'], file: [key] }, places);
  const { type, minIter, maxIter, eta, s, strict: _strict, ...others } = camel;
  for (const [own, theirs] of Object.entries({
    rule: 'type',
    reduction: 'eta',
    minSteps: 'min_iter',
    maxSteps: 'max_iter',
  })) {
    places.add(['stopEarly', own], [key, theirs]);
  }
  return {
    unit: 'evaluations',
    rule: type === 'hyperband' ? 'asha' : type,
    ...(eta !== undefined && { reduction: eta }),
    ...firstRung({ minIter, maxIter, eta: eta ?? 3, s }),
    ...others,
  };
}

/** With max_iter, the first of `s` rungs is max_iter/etaˢ. */
function firstRung({ minIter, maxIter, eta, s }: Record<'minIter' | 'maxIter' | 'eta' | 's', unknown>): Section {
  if (minIter !== undefined) return { minSteps: minIter, ...(maxIter !== undefined && { maxSteps: maxIter }) };
  if (typeof maxIter !== 'number') return maxIter === undefined ? {} : { maxSteps: maxIter };
  if (typeof eta !== 'number' || typeof s !== 'number') return { maxSteps: maxIter };
  return { minSteps: Math.max(1, Math.floor(maxIter / eta ** s)), maxSteps: maxIter };
}

/** Groups of parameters become paths, and short names what they are short for. */
function flattened(group: Section, at: { file: Path; prefix: string }, places: Places): Section {
  const entries = Object.entries(group).flatMap<[string, unknown]>(([key, value]) => {
    const long = `${at.prefix}${key}`;
    const file = [...at.file, key];
    if (isSection(value) && isSection(value['parameters'])) {
      return Object.entries(
        flattened(value['parameters'], { file: [...file, 'parameters'], prefix: `${long}.` }, places),
      );
    }
    const path = ALIASES[long] ?? long;
    if (file.length > 2 || path !== key) places.add(['parameters', path], file);
    return [[path, isSection(value) ? parameter(value) : value]];
  });
  return Object.fromEntries(entries);
}

function parameter({ distribution, when, ...fields }: Section): Section {
  return {
    ...fields,
    ...(distribution !== undefined && { distribution: ownDistribution(distribution) }),
    ...(when !== undefined && { when: isSection(when) ? ownNames(when) : when }),
  };
}

function ownNames(when: Section): Section {
  return Object.fromEntries(Object.entries(when).map(([name, value]) => [ALIASES[name] ?? name, value]));
}

/** log_normal's numbers are of the logarithms under either name. */
const SYNONYMS: Readonly<Record<string, string>> = {
  q_log_normal_values: 'q_log_normal',
  log_normal_values: 'log_normal',
  categorical_w_probabilities: 'categorical',
};

function ownDistribution(name: unknown): unknown {
  if (typeof name !== 'string') return name;
  const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return SYNONYMS[snake] ?? snake;
}

function camelCase(key: string): string {
  return key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
