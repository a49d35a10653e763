/** Python's operators on a template's values. */
import { comparePoints, pointLength, points } from './points.ts';
import { repr, str } from './printing.ts';
import { arithmetic, realOf, requireDefined, type Real } from './numbers.ts';
import { formatPercent } from './percent.ts';
import {
  Callable,
  DictView,
  Float,
  Markup,
  Once,
  PyObject,
  Range,
  TemplateFault,
  Tuple,
  Undefined,
  typeName,
  unknownHere,
  type Dict,
  type Value,
} from './values.ts';

/** `bool(value)`. */
export function truth(value: Value): boolean {
  if (typeof value === 'string') return value !== '';
  if (typeof value === 'boolean') return value;
  if (value === null) return false;
  if (typeof value === 'number' || typeof value === 'bigint') return Boolean(value);
  if (value instanceof Undefined) return false;
  if (value instanceof Float) return value.value !== 0;
  return length(value) !== 0;
}

/** `len(value)`; undefined where Python has a TypeError. */
export function length(value: Value): number | undefined {
  if (typeof value === 'string') return pointLength(value);
  if (Array.isArray(value)) return value.length;
  if (value instanceof Map) return value.size;
  if (value instanceof Tuple || value instanceof Range) return value.items.length;
  if (value instanceof DictView) return value.dict.size;
  if (value instanceof Markup) return pointLength(value.text);
  if (value instanceof Undefined) return 0;
  return undefined;
}

/** The items of what can be iterated; undefined where Python has a TypeError. */
export function iterate(value: Value): Iterable<Value> | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value === 'string') return points(value);
  if (value instanceof Map) return value.keys();
  if (value instanceof Tuple || value instanceof Range || value instanceof DictView) return value.items;
  // Python reads a generator on from where it stands, also after a loop that was left: closing it is not wanted.
  if (value instanceof Once) return { [Symbol.iterator]: () => ({ next: () => value.iterator.next() }) };
  if (value instanceof Markup) return points(value.text);
  if (value instanceof Undefined) return [];
  return undefined;
}

export function itemsOf(value: Value): Iterable<Value> {
  const items = iterate(value);
  if (items === undefined) throw new TemplateFault(`'${typeName(value)}' object is not iterable`);
  return items;
}

export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  const [left, right] = [realOf(a), realOf(b)];
  // Loose: a number equals a bigint of the same value, exactly as in Python.
  // eslint-disable-next-line eqeqeq
  if (left !== undefined || right !== undefined) return left !== undefined && right !== undefined && left == right;
  return equalThings(a, b);
}

function equalThings(a: Value, b: Value): boolean {
  const [text, other] = [textOf(a), textOf(b)];
  if (text !== undefined || other !== undefined) return text === other;
  if (a instanceof Map) return b instanceof Map && equalDicts(a, b);
  if (a instanceof DictView || b instanceof DictView) throw unknownHere('comparing views of a mapping');
  const [items, others] = [itemsInOrder(a), itemsInOrder(b)];
  if (items !== undefined && others !== undefined) return typeName(a) === typeName(b) && equalItems(items, others);
  return a instanceof Undefined && b instanceof Undefined;
}

function itemsInOrder(value: Value): readonly Value[] | undefined {
  if (Array.isArray(value)) return value;
  return value instanceof Tuple || value instanceof Range ? value.items : undefined;
}

function equalItems(a: readonly Value[], b: readonly Value[]): boolean {
  return a.length === b.length && a.every((item, index) => equal(item, b[index] ?? null));
}

function equalDicts(a: Dict, b: Dict): boolean {
  if (a.size !== b.size) return false;
  for (const [key, item] of a) {
    const other = b.get(key);
    if (other === undefined || !equal(item, other)) return false;
  }
  return true;
}

/** Negative, zero or positive; fails where Python cannot order them. NaN is in no order. */
export function order(a: Value, b: Value, sign: string): number {
  const [left, right] = [realOf(a), realOf(b)];
  if (left !== undefined && right !== undefined) return orderReals(left, right);
  const [text, other] = [textOf(a), textOf(b)];
  if (text !== undefined && other !== undefined) return comparePoints(text, other);
  const [items, others] = [orderedItems(a), orderedItems(b)];
  if (items !== undefined && others !== undefined && typeName(a) === typeName(b))
    return orderItems(items, others, sign);
  requireDefined(a, b);
  throw new TemplateFault(`'${sign}' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`);
}

function orderReals(a: Real, b: Real): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : 0;
}

function orderItems(a: readonly Value[], b: readonly Value[], sign: string): number {
  for (let index = 0; index < a.length && index < b.length; index++) {
    const [left, right] = [a[index] ?? null, b[index] ?? null];
    if (!equal(left, right)) return order(left, right, sign);
  }
  return a.length - b.length;
}

function orderedItems(value: Value): readonly Value[] | undefined {
  if (Array.isArray(value)) return value;
  return value instanceof Tuple ? value.items : undefined;
}

export function textOf(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  return value instanceof Markup ? value.text : undefined;
}

/** `item in container`. */
export function contains(container: Value, item: Value): boolean {
  const text = textOf(container);
  if (text !== undefined) {
    const part = textOf(item);
    if (part !== undefined) return text.includes(part);
    throw new TemplateFault(`'in <string>' requires string as left operand, not ${typeName(item)}`);
  }
  if (container instanceof Map) return container.has(hashable(item, container));
  const items = iterate(container);
  if (items === undefined) throw new TemplateFault(`argument of type '${typeName(container)}' is not iterable`);
  for (const other of items) if (equal(item, other)) return true;
  return false;
}

/** A key as it is kept: floats and tuples, which are found by value in Python, are not known here. */
export function hashable(key: Value, dict?: Dict): Value {
  // In Python True is the key 1, and False is 0.
  if (dict !== undefined && (typeof key === 'boolean' ? dict.has(Number(key)) : isBit(key) && dict.has(key === 1))) {
    throw unknownHere('a key that is both a number and a boolean');
  }
  if (Array.isArray(key) || key instanceof Map) throw new TemplateFault(`unhashable type: '${typeName(key)}'`);
  if (key instanceof Markup) return key.text;
  if (key instanceof Undefined || !(key instanceof PyObject)) return key;
  throw unknownHere(`a ${typeName(key)} as a key`);
}

const isBit = (key: Value): boolean => key === 0 || key === 1;

export function add(a: Value, b: Value): Value {
  if (typeof a === 'string' && typeof b === 'string') return a + b;
  if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b];
  if (a instanceof Tuple && b instanceof Tuple) return new Tuple([...a.items, ...b.items]);
  if (a instanceof Markup || b instanceof Markup) return addMarkup(a, b);
  return arithmetic('+', a, b);
}

/** What is added to Markup is escaped. */
function addMarkup(a: Value, b: Value): Value {
  if (textOf(a) === undefined || textOf(b) === undefined) return arithmetic('+', a, b);
  return new Markup(escapeHtml(a) + escapeHtml(b));
}

const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&#39;', '"': '&#34;' };
export function escapeHtml(value: Value): string {
  return value instanceof Markup ? value.text : str(value).replace(/[&<>'"]/g, (char) => HTML[char] ?? char);
}

export function multiply(a: Value, b: Value): Value {
  for (const [sequence, times] of [
    [a, b],
    [b, a],
  ] as const) {
    if (typeof times === 'number' || typeof times === 'boolean') {
      const repeated = repeat(sequence, Math.max(0, Number(times)));
      if (repeated !== undefined) return repeated;
    }
  }
  return arithmetic('*', a, b);
}

function repeat(value: Value, times: number): Value | undefined {
  if (typeof value === 'string') return value.repeat(times);
  if (Array.isArray(value)) return Array.from({ length: times }, () => value).flat();
  if (value instanceof Tuple) return new Tuple(Array.from({ length: times }, () => value.items).flat());
  return undefined;
}

export function modulo(a: Value, b: Value): Value {
  if (typeof a === 'string') return formatPercent(a, b);
  return arithmetic('%', a, b);
}

/** `a ~ b`. */
export function concatenate(values: readonly Value[]): string {
  return values.map(str).join('');
}

/** `callable(value)`, and what it does. */
export function callableOf(value: Value): Callable {
  if (value instanceof Callable) return value;
  if (value instanceof Undefined) value.fail();
  throw new TemplateFault(`'${typeName(value)}' object is not callable: ${repr(value).slice(0, 40)}`);
}
