/** Macros: functions of a template, whose value is the text that they render. */
import { activation, capture, type Activation, type Evaluate, type Execute, type Frame } from './frame.ts';
import type { Signature, Statement } from './nodes.ts';
import { Callable, TemplateFault, Tuple, Undefined, unknownHere, valueOr, type Call, type Value } from './values.ts';
import { expressionsIn } from './walk.ts';

/** A macro's definition; `run` compiles the body, once the parameters that it uses without naming them are declared. */
export function macroValue(definition: {
  readonly name: string;
  readonly signature: Signature;
  readonly body: readonly Statement[];
  readonly frame: Frame;
  readonly defaults: readonly Evaluate[];
  readonly run: () => Execute;
}): Evaluate {
  const { name, signature, frame } = definition;
  const { parameters } = signature;
  if (parameters.includes('caller')) throw unknownHere('a macro with a parameter called caller');
  const extras = extraParameters(definition.body, parameters);
  for (const extra of extras) frame.symbols.declare(extra);
  const body = definition.run();
  const enter = frame.entrance();
  const firstDefault = parameters.length - definition.defaults.length;
  const slots = parameters.map((parameter, index) => ({
    parameter,
    write: frame.writer(parameter),
    fallback: definition.defaults[index - firstDefault],
  }));
  const writers = new Map([...extras].map((extra) => [extra, frame.writer(extra)]));

  const begin = (own: Activation, { args, kwargs }: Call): void => {
    const left = new Map(kwargs);
    const given = parameters.map((parameter, index) => {
      if (index < args.length) return args[index];
      const value = left.get(parameter);
      left.delete(parameter);
      return value;
    });
    for (const [index, { write }] of slots.entries()) write(own, given[index]);
    for (const [extra, value] of extraValues(name, { extras, left, more: args.slice(parameters.length) })) {
      writers.get(extra)?.(own, value);
    }
    enter(own);
    for (const [index, { parameter, write, fallback }] of slots.entries()) {
      if (given[index] !== undefined) continue;
      write(
        own,
        valueOr(fallback?.(own), () => new Undefined(`parameter '${parameter}' was not provided`)),
      );
    }
  };
  return (at) =>
    new Callable(name, (call) => {
      const own = activation(at);
      begin(own, call);
      return capture(own, body).text;
    });
}

/** `caller`, `kwargs` and `varargs`, where the body reads them. */
function extraParameters(body: readonly Statement[], parameters: readonly string[]): Set<string> {
  const extras = new Set<string>();
  for (const expression of expressionsIn(body)) {
    if (expression.kind !== 'name' || parameters.includes(expression.name)) continue;
    if (['caller', 'kwargs', 'varargs'].includes(expression.name)) extras.add(expression.name);
  }
  return extras;
}

function extraValues(
  name: string,
  { extras, left, more }: { extras: ReadonlySet<string>; left: Map<string, Value>; more: readonly Value[] },
): Map<string, Value> {
  const values = new Map<string, Value>();
  if (extras.has('caller')) {
    values.set('caller', left.get('caller') ?? new Undefined('No caller defined'));
    left.delete('caller');
  }
  if (extras.has('kwargs')) values.set('kwargs', new Map(left));
  else if (left.size > 0) {
    throw new TemplateFault(`macro '${name}' takes no keyword argument '${[...left.keys()].join("', '")}'`);
  }
  if (extras.has('varargs')) values.set('varargs', new Tuple(more));
  else if (more.length > 0) throw new TemplateFault(`macro '${name}' takes fewer arguments than it was given`);
  return values;
}
