/** What every template may call: Jinja2's own functions, and those that transformers adds. */
import { bind, integerArgument, textArgument } from './arguments.ts';
import { strftime } from './strftime.ts';
import { hashable, itemsOf } from './operators.ts';
import { str } from './printing.ts';
import {
  Attributes,
  Callable,
  Namespace,
  Range,
  TemplateFault,
  isDict,
  unknownHere,
  type Call,
  type Dict,
  type Value,
} from './values.ts';

/** What `raise_exception` says: the template's own words, not those of an engine. */
export class TemplateRefusal extends TemplateFault {}

function dictOf({ args, kwargs }: Call): Dict {
  const [source, ...more] = args;
  if (more.length > 0) throw new TemplateFault('dict expected at most 1 argument');
  const dict: Dict = source === undefined ? new Map() : entriesOf(source);
  for (const [key, value] of kwargs) dict.set(key, value);
  return dict;
}

function entriesOf(source: Value): Dict {
  if (isDict(source)) return new Map(source);
  return new Map(
    [...itemsOf(source)].map((pair) => {
      const [key, value, ...more] = itemsOf(pair);
      if (key === undefined || value === undefined || more.length > 0) throw new TemplateFault('dict expects pairs');
      return [hashable(key), value];
    }),
  );
}

function namespaceOf(call: Call): Namespace {
  const attributes = dictOf(call);
  for (const name of attributes.keys()) {
    if (str(name).startsWith('_')) throw new TemplateFault('a namespace has no attributes that begin with _');
  }
  return new Namespace(attributes);
}

function rangeOf(call: Call): Range {
  const [first, second, third] = bind('range', ['start', 'stop', 'step'], call, 1);
  const step = integerArgument('range', third, 1);
  if (step === 0) throw new TemplateFault('range() arg 3 must not be zero');
  const start = integerArgument('range', first, 0);
  return second === undefined ? new Range(0, start, step) : new Range(start, integerArgument('range', second, 0), step);
}

class Cycler extends Attributes {
  readonly type = 'Cycler';
  readonly #items: readonly Value[];
  #position = 0;
  constructor(items: readonly Value[]) {
    super();
    if (items.length === 0) throw new TemplateFault('at least one item has to be provided');
    this.#items = items;
  }
  attribute(name: string): Value | undefined {
    if (name === 'current') return this.#items[this.#position] ?? null;
    if (name === 'reset') return new Callable(name, () => this.#move(0, null));
    if (name !== 'next') return undefined;
    return new Callable(name, () => this.#move((this.#position + 1) % this.#items.length, this.#items[this.#position]));
  }
  #move(position: number, value: Value | undefined): Value {
    this.#position = position;
    return value ?? null;
  }
}

/** `self` is asked for blocks, of which there are none here. */
class NoBlocks extends Attributes {
  readonly type = 'TemplateReference';
  attribute(): undefined {
    return undefined;
  }
}

function joiner(call: Call): Callable {
  const [separator = ', '] = bind('joiner', ['sep'], call);
  let used = false;
  return new Callable('joiner', () => {
    const text = used ? separator : '';
    used = true;
    return text;
  });
}

const named = (name: string, call: (call: Call) => Value): [string, Value] => [name, new Callable(name, call)];

const STATIC: ReadonlyMap<string, Value> = new Map([
  ['self', new NoBlocks()],
  named('range', rangeOf),
  named('dict', dictOf),
  named('namespace', namespaceOf),
  named('cycler', ({ args }) => new Cycler(args)),
  named('joiner', joiner),
  named('lipsum', () => {
    throw unknownHere('lipsum');
  }),
  named('raise_exception', (call) => {
    const [message = null] = bind('raise_exception', ['message'], call, 1);
    throw new TemplateRefusal(str(message));
  }),
]);

/** `date`, as YYYY-MM-DD: what day it is for `strftime_now`, which the clock never says. */
export function globalsOf(date: string | undefined): ReadonlyMap<string, Value> {
  return new Map([
    ...STATIC,
    named('strftime_now', (call) => {
      const [format] = bind('strftime_now', ['format'], call, 1);
      if (date === undefined) throw new TemplateFault('strftime_now has no date: set data.date');
      return strftime(date, textArgument('strftime_now', format));
    }),
  ]);
}
