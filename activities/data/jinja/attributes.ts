/** `a.b` and `a[b]` as the sandboxed environment looks them up. */
import { bind } from './arguments.ts';
import { concatenate, equal, hashable, textOf } from './operators.ts';
import { points } from './points.ts';
import { OTHER_STRING_METHODS, STRING_METHODS } from './string-methods.ts';
import {
  Attributes,
  Callable,
  DictView,
  Float,
  Group,
  Markup,
  Namespace,
  Range,
  TemplateFault,
  Tuple,
  Undefined,
  isDict,
  typeName,
  unknownHere,
  valueOr,
  type Dict,
  type Value,
} from './values.ts';

/** `a.b`: Python's own attributes go before keys, so that a key named `items` is reached by `a['items']` only. */
export function attributeOf(object: Value, name: string): Value {
  if (object instanceof Undefined) object.fail();
  const own = ownAttribute(object, name);
  if (own !== undefined) return own;
  return valueOr(isDict(object) ? object.get(name) : undefined, () => absent(object, name));
}

/** `a[b]`: keys and indices go before attributes. */
export function itemOf(object: Value, key: Value): Value {
  if (object instanceof Undefined) object.fail();
  const item = subscript(object, key);
  if (item !== undefined) return item;
  const name = textOf(key);
  return valueOr(name === undefined ? undefined : ownAttribute(object, name), () =>
    absent(object, name ?? typeName(key)),
  );
}

function subscript(object: Value, key: Value): Value | undefined {
  if (isDict(object)) return Array.isArray(key) || isDict(key) ? undefined : object.get(hashable(key, object));
  const index = typeof key === 'boolean' ? Number(key) : key;
  if (typeof index !== 'number') return undefined;
  return itemsByIndex(object)?.at(index);
}

function itemsByIndex(object: Value): readonly Value[] | undefined {
  if (Array.isArray(object)) return object;
  if (object instanceof Tuple || object instanceof Range) return object.items;
  const text = textOf(object);
  return text === undefined ? undefined : points(text);
}

function absent(object: Value, name: string): Undefined {
  return new Undefined(`'${typeName(object)} object' has no attribute '${name}'`);
}

function ownAttribute(object: Value, name: string): Value | undefined {
  if (object instanceof Namespace) return object.attributes.get(name);
  if (object instanceof Attributes) return object.attribute(name);
  if (name.startsWith('__')) throw unknownHere(`the attribute ${name}`);
  if (typeof object === 'string') return stringMethod(object, name);
  if (isDict(object)) return dictMethod(object, name);
  if (Array.isArray(object)) return listMethod(object, name);
  if (object instanceof Group && (name === 'grouper' || name === 'list')) return object.items[name === 'list' ? 1 : 0];
  if (object instanceof Tuple) return sequenceMethod(object.items, name);
  return otherAttribute(object, name);
}

/** Attributes that hardly a template reads: known to be there, not what they are. */
function otherAttribute(object: Value, name: string): undefined {
  const names = OTHER_ATTRIBUTES[typeName(object)] ?? '';
  const known = object instanceof Markup ? name in STRING_METHODS || OTHER_STRING_METHODS.has(name) : false;
  if (known || names.split(' ').includes(name)) throw unknownHere(`the attribute ${name} of a ${typeName(object)}`);
  return undefined;
}

const INT_ATTRIBUTES =
  'as_integer_ratio bit_count bit_length conjugate denominator from_bytes imag numerator real to_bytes is_integer';
const OTHER_ATTRIBUTES: Readonly<Record<string, string>> = {
  int: INT_ATTRIBUTES,
  bool: INT_ATTRIBUTES,
  float: 'as_integer_ratio conjugate fromhex hex imag is_integer real',
  Markup: 'escape striptags unescape',
  range: 'count index start stop step',
  dict_items: 'isdisjoint mapping',
  dict_keys: 'isdisjoint mapping',
  dict_values: 'mapping',
  generator: 'close gi_code gi_frame gi_running gi_yieldfrom send throw',
  function: 'name arguments catch_kwargs catch_varargs caller explicit_caller fromkeys',
};

function stringMethod(text: string, name: string): Value | undefined {
  const method = Object.hasOwn(STRING_METHODS, name) ? STRING_METHODS[name] : undefined;
  if (method !== undefined) return new Callable(name, (call) => method(text, call));
  if (!OTHER_STRING_METHODS.has(name)) return undefined;
  return new Callable(name, () => {
    throw unknownHere(`str.${name}`);
  });
}

const LIST_CHANGES: ReadonlySet<string> = new Set('append clear extend insert pop remove reverse sort'.split(' '));
const DICT_CHANGES: ReadonlySet<string> = new Set('clear pop popitem setdefault update'.split(' '));

/** The sandbox gives nothing in place of a method that would change what the template was given. */
function mutating(name: string, changes: ReadonlySet<string>, type: string): Value | undefined {
  return changes.has(name) ? new Undefined(`access to attribute '${name}' of '${type}' object is unsafe.`) : undefined;
}

function dictMethod(dict: Dict, name: string): Value | undefined {
  const method = Object.hasOwn(DICT_METHODS, name) ? DICT_METHODS[name] : undefined;
  return method === undefined ? mutating(name, DICT_CHANGES, 'dict') : method(dict);
}

const view =
  (name: string, type: DictView['type']) =>
  (dict: Dict): Value =>
    new Callable(name, (call) => {
      bind(name, [], call);
      return new DictView(type, dict);
    });

const DICT_METHODS: Readonly<Record<string, (dict: Dict) => Value>> = {
  items: view('items', 'dict_items'),
  keys: view('keys', 'dict_keys'),
  values: view('values', 'dict_values'),
  get: (dict) =>
    new Callable('get', (call) => {
      const [key = null, fallback = null] = bind('get', ['key', 'default'], call, 1);
      return valueOr(dict.get(hashable(key, dict)), () => fallback);
    }),
  copy: (dict) => new Callable('copy', () => new Map(dict)),
  fromkeys: () =>
    new Callable('fromkeys', () => {
      throw unknownHere('dict.fromkeys');
    }),
};

function sequenceMethod(items: readonly Value[], name: string): Value | undefined {
  if (name === 'count') {
    return new Callable(name, (call) => {
      const [wanted = null] = bind(name, ['value'], call, 1);
      return items.filter((item) => equal(item, wanted)).length;
    });
  }
  if (name === 'index') {
    return new Callable(name, (call) => {
      const [wanted = null] = bind(name, ['value'], call, 1);
      const index = items.findIndex((item) => equal(item, wanted));
      if (index < 0) throw new TemplateFault('the value is not in list');
      return index;
    });
  }
  return undefined;
}

function listMethod(items: Value[], name: string): Value | undefined {
  if (name === 'copy') return new Callable(name, () => Array.from(items));
  return sequenceMethod(items, name) ?? mutating(name, LIST_CHANGES, 'list');
}

/** `a[start:stop:step]`. */
export function slice(object: Value, bounds: readonly [Value, Value, Value]): Value {
  if (object instanceof Undefined) object.fail();
  const text = textOf(object);
  const items = text === undefined ? sliceable(object) : points(text);
  if (items === undefined) throw new TemplateFault(`'${typeName(object)}' object is not subscriptable`);
  const [start, stop, step] = bounds.map(bound);
  const picked = pick(items, start, stop, step ?? 1);
  if (typeof object === 'string') return concatenate(picked);
  if (object instanceof Markup) return new Markup(concatenate(picked));
  return object instanceof Tuple ? new Tuple(picked) : picked;
}

function sliceable(object: Value): readonly Value[] | undefined {
  if (object instanceof Range) throw unknownHere('a slice of a range');
  return itemsByIndex(object);
}

function bound(value: Value): number | undefined {
  if (value === null) return undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return Number(value);
  if (value instanceof Undefined) value.fail();
  const shown = value instanceof Float ? 'float' : typeName(value);
  throw new TemplateFault(`slice indices must be integers or None, not ${shown}`);
}

function pick(items: readonly Value[], start: number | undefined, stop: number | undefined, step: number): Value[] {
  if (step === 0) throw new TemplateFault('slice step cannot be zero');
  const size = items.length;
  const [lowest, highest] = step > 0 ? [0, size] : [-1, size - 1];
  const clamp = (value: number): number => Math.min(highest, Math.max(lowest, value < 0 ? value + size : value));
  const from = start === undefined ? (step > 0 ? lowest : highest) : clamp(start);
  const to = stop === undefined ? (step > 0 ? highest : lowest) : clamp(stop);
  const picked: Value[] = [];
  for (let index = from; step > 0 ? index < to : index > to; index += step) picked.push(items[index] ?? null);
  return picked;
}
