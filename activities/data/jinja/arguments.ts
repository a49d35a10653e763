/** Arguments of a call, by position or by name, as Python binds them. */
import { repr } from './printing.ts';
import { Float, TemplateFault, Undefined, typeName, type Call, type Value } from './values.ts';

/** The arguments in the order of `names`; absent ones, which only those after `required` may be, are undefined. */
export function bind(
  callee: string,
  names: readonly string[],
  { args, kwargs }: Call,
  required = 0,
): (Value | undefined)[] {
  if (args.length > names.length) {
    throw new TemplateFault(`${callee}() takes at most ${names.length} arguments (${args.length} given)`);
  }
  const bound: (Value | undefined)[] = names.map((_, index) => args[index]);
  for (const [name, value] of kwargs) {
    const index = names.indexOf(name);
    if (index < 0) throw new TemplateFault(`${callee}() got an unexpected keyword argument '${name}'`);
    if (index < args.length) throw new TemplateFault(`${callee}() got multiple values for argument '${name}'`);
    bound[index] = value;
  }
  const missing = names.find((_, index) => index < required && bound[index] === undefined);
  if (missing !== undefined) throw new TemplateFault(`${callee}() missing required argument '${missing}'`);
  return bound;
}

export function textArgument(callee: string, value: Value | undefined): string {
  if (typeof value === 'string') return value;
  throw new TemplateFault(`${callee}: expected str, not ${value === undefined ? 'nothing' : typeName(value)}`);
}

export function integerArgument(callee: string, value: Value | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  if (value instanceof Undefined) value.fail();
  const shown = value instanceof Float ? repr(value) : typeName(value);
  throw new TemplateFault(`${callee}: '${shown}' object cannot be interpreted as an integer`);
}
