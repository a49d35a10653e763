/** Values as a template sees them: Python's, told apart where JavaScript's are not (1 and 1.0, lists and tuples). */

import { WatchedDict } from './watched.ts';

/** What a template has against its input, or what is not known here: either way the row is refused, with the line. */
export class TemplateFault extends Error {
  override readonly name = 'TemplateFault';
}

/** Something of Python or Jinja2 that is not rendered here, rather than rendered otherwise. */
export function unknownHere(what: string): TemplateFault {
  return new TemplateFault(`${what} is not known here`);
}

export abstract class PyObject {
  /** Python's name of the type, for messages. */
  abstract readonly type: string;
}

export type Value = string | number | bigint | boolean | null | Value[] | Dict | PyObject;
/** Keys are strings nearly always; other hashable values are kept as they are. */
export type Dict = Map<Value, Value>;

/** A float, even where it is whole; integers are numbers, and bigints beyond what a number holds exactly. */
export class Float extends PyObject {
  readonly type = 'float';
  readonly value: number;
  constructor(value: number) {
    super();
    this.value = value;
  }
}

export class Tuple extends PyObject {
  readonly type = 'tuple';
  readonly items: readonly Value[];
  constructor(items: readonly Value[]) {
    super();
    this.items = items;
  }
}

/** What `groupby` gives: a tuple whose items have names, `grouper` and `list`. */
export class Group extends Tuple {}

/** What is not there: prints nothing, is empty and false; anything else that is done with it is an error. */
export class Undefined extends PyObject {
  readonly type = 'Undefined';
  readonly #why: string;
  constructor(why: string) {
    super();
    this.#why = why;
  }
  fail(): never {
    throw new TemplateFault(this.#why);
  }
}

/** `|safe`: text that Markup's own rules would escape what is added to it. */
export class Markup extends PyObject {
  readonly type = 'Markup';
  readonly text: string;
  constructor(text: string) {
    super();
    this.text = text;
  }
}

export class Namespace extends PyObject {
  readonly type = 'TemplateNamespace';
  readonly attributes: Dict;
  constructor(attributes: Dict) {
    super();
    this.attributes = attributes;
  }
}

export class Range extends PyObject {
  readonly type = 'range';
  readonly start: number;
  readonly stop: number;
  readonly step: number;
  readonly items: readonly number[];
  constructor(start: number, stop: number, step: number) {
    super();
    const length = Math.max(0, Math.ceil((stop - start) / step));
    // The sandbox's own limit.
    if (length > 100_000) throw new TemplateFault('Range too big. The sandbox blocks ranges larger than 100000.');
    this.start = start;
    this.stop = stop;
    this.step = step;
    this.items = Array.from({ length }, (_, index) => start + index * step);
  }
}

/** `dict.items()`, `.keys()` and `.values()`: they have a length and may be read again, but not by index. */
export class DictView extends PyObject {
  readonly type: 'dict_items' | 'dict_keys' | 'dict_values';
  readonly dict: Dict;
  constructor(type: DictView['type'], dict: Dict) {
    super();
    this.type = type;
    this.dict = dict;
  }
  get items(): Value[] {
    if (this.type === 'dict_keys') return [...this.dict.keys()];
    if (this.type === 'dict_values') return [...this.dict.values()];
    return [...this.dict].map((pair) => new Tuple(pair));
  }
}

/** A generator: read once, always true, without a length. */
export class Once extends PyObject {
  readonly type: string;
  readonly iterator: Iterator<Value>;
  constructor(type: string, iterator: Iterator<Value>) {
    super();
    this.type = type;
    this.iterator = iterator;
  }
}

/** Where nothing is there; None is something, so `??` will not do. */
export function valueOr(value: Value | undefined, otherwise: () => Value): Value {
  return value === undefined ? otherwise() : value;
}

/** Positional and keyword arguments of a call. */
export interface Call {
  readonly args: readonly Value[];
  readonly kwargs: ReadonlyMap<string, Value>;
}

export class Callable extends PyObject {
  readonly type = 'function';
  readonly name: string;
  readonly call: (call: Call) => Value;
  constructor(name: string, call: (call: Call) => Value) {
    super();
    this.name = name;
    this.call = call;
  }
}

/** An object with named attributes only, such as `loop`. */
export abstract class Attributes extends PyObject {
  abstract attribute(name: string): Value | undefined;
}

export const NO_ARGUMENTS: Call = { args: [], kwargs: new Map() };

export const isDict = (value: Value): value is Dict => value instanceof Map;

/** Python's name of a value's type, for messages. */
export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Map) return 'dict';
  if (value instanceof PyObject) return value.type;
  return { string: 'str', number: 'int', bigint: 'int', boolean: 'bool' }[
    typeof value as 'string' | 'number' | 'bigint' | 'boolean'
  ];
}

/** What JSON can say, as a template's value: `undefined` fields are left out, as they are when JSON is written. */
export function fromJson(value: unknown): Value {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : new Float(value);
  if (typeof value === 'object') return value === null ? null : fromObject(value);
  throw new TemplateFault(`a ${typeof value} is no value of JSON`);
}

function fromObject(value: object): Value {
  if (value instanceof PyObject) return value;
  if (value instanceof WatchedDict) return value as Dict;
  if (Array.isArray(value)) return value.map(fromJson);
  const entries = value instanceof Map ? [...(value as Map<string, unknown>)] : Object.entries(value);
  return new Map(entries.filter(([, item]) => item !== undefined).map(([key, item]) => [key, fromJson(item)]));
}
