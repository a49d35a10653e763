/** `--set path=value`, one language for every command that has it: a field of the experiment, and a value in YAML. */
import { parse } from 'yaml';
import { ALIASES, withSettings, type Settings } from '../../domain/spec/spec-changes.ts';
import { messageOf } from '../../domain/words/user-error.ts';
import { ExperimentError } from './experiment-error.ts';

/** For the help of each of them. */
export const SET_OPTION = '--set <path=value>';
export const SET_HELP = 'change a field of the experiment (a YAML value; null removes it); may be repeated';

/** Gathers what is given several times. */
export function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}

/** Of one field set twice the last counts. `option`: how it was given, for what is wrong with it. */
export function readSettings(overrides: readonly string[], option = '--set '): Settings {
  return Object.fromEntries(overrides.map((override) => readSetting(override, option)));
}

function readSetting(override: string, option: string): [string, unknown] {
  const at = override.indexOf('=');
  if (at < 1) {
    throw new ExperimentError([`${option}${override}: expected path=value, for example ${option}train.steps=100.`]);
  }
  try {
    return [override.slice(0, at), parse(override.slice(at + 1)) as unknown];
  } catch (error) {
    throw new ExperimentError([`${option}${override}: ${messageOf(error)}. Write a value in YAML.`], { cause: error });
  }
}

/** The experiment with these fields changed, still to be validated. */
export function changed(value: unknown, settings: Settings): unknown {
  const problems = Object.keys(settings).flatMap((name) => {
    const problem = unreachable(value, (ALIASES[name] ?? name).split('.'));
    return problem === undefined ? [] : [`--set ${name}: ${problem}.`];
  });
  if (problems.length > 0) throw new ExperimentError(problems);
  return withSettings(value, settings);
}

/** A field inside of what has none: it would replace what is there, or vanish. */
function unreachable(value: unknown, path: readonly string[]): string | undefined {
  let inner: unknown = value;
  for (const [depth, key] of path.entries()) {
    const section = path.slice(0, depth).join('.');
    if (key === '__proto__') return 'no field can have this name';
    if (key === '') return 'a name between the dots is missing. Write it as section.field';
    if (inner === undefined || inner === null) return undefined;
    if (Array.isArray(inner)) {
      if (!/^\d+$/.test(key) || Number(key) >= inner.length) {
        return `${section} is a list of ${inner.length}, counted from 0, and has no ${key}. Set the whole list: --set ${section}=[…]`;
      }
      inner = inner[Number(key)] as unknown;
    } else if (typeof inner === 'object') inner = (inner as Record<string, unknown>)[key];
    else return `${section} is a value, not a section with a field ${key}. Set ${section} itself`;
  }
  return undefined;
}
