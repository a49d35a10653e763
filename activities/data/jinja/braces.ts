/** Python's `text.format(…)`. */
import { str } from './printing.ts';
import { TemplateFault, unknownHere, type Call, type Value } from './values.ts';

const FIELD = /\{\{|\}\}|\{(?<name>[^{}!:]*)(?<rest>[^{}]*)\}|[{}]/g;

/** Fields by position or name; how a value is to be formatted, and what is inside it, are not known here. */
export function formatBraces(text: string, { args, kwargs }: Call): string {
  let next = 0;
  const valueOf = (name: string): Value => {
    if (!/^\w*$/.test(name)) throw unknownHere(`the field {${name}}`);
    const value = name === '' ? args[next++] : /^\d+$/.test(name) ? args[Number(name)] : kwargs.get(name);
    if (value === undefined) throw new TemplateFault(`format() has no value for {${name}}`);
    return value;
  };
  return text.replace(FIELD, (...match: unknown[]) => {
    const [field] = match as [string];
    if (field === '{{') return '{';
    if (field === '}}') return '}';
    const { name, rest } = match.at(-1) as { name: string | undefined; rest: string | undefined };
    if (name === undefined) throw new TemplateFault(`Single '${field}' encountered in format string`);
    if (rest !== '' && rest !== ':') throw unknownHere(`the format ${rest}`);
    return str(valueOf(name));
  });
}
