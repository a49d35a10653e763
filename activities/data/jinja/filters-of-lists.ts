/** Filters that read the items of their value. Those that Python writes as generators are lazy here too. */
import { bind, integerArgument, textArgument } from './arguments.ts';
import { itemOf } from './attributes.ts';
import type { Filter, Known } from './filter.ts';
import { add, hashable, itemsOf, order, truth } from './operators.ts';
import { points } from './points.ts';
import { str } from './printing.ts';
import {
  Group,
  Markup,
  Once,
  TemplateFault,
  Tuple,
  Undefined,
  isDict,
  typeName,
  unknownHere,
  valueOr,
  type Call,
  type Value,
} from './values.ts';

type Getter = (item: Value) => Value;

/** `attribute='a.b.0'`: each part by key or index. */
function attributeGetter(attribute: Value, fallback: Value = null): Getter {
  if (attribute === null) return (item) => item;
  const parts: Value[] =
    typeof attribute === 'string'
      ? attribute.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part))
      : [attribute];
  return (item) =>
    parts.reduce((value, part) => {
      const found = itemOf(value, part);
      return fallback !== null && found instanceof Undefined ? fallback : found;
    }, item);
}

const ignoreCase = (value: Value): Value => (typeof value === 'string' ? value.toLowerCase() : value);

/** What is compared: an attribute, without regard to case unless asked for. */
function keyOf(attribute: Value, caseSensitive: Value): Getter {
  const get = attributeGetter(attribute);
  return truth(caseSensitive) ? get : (item) => ignoreCase(get(item));
}

/** Python's sorted: stable, also when reversed; only `<` is asked. */
function sorted(items: Iterable<Value>, key: Getter, reverse: boolean): Value[] {
  const keyed = [...items].map((item) => ({ item, key: key(item) }));
  const direction = reverse ? -1 : 1;
  return keyed.sort((a, b) => direction * order(a.key, b.key, '<')).map(({ item }) => item);
}

const sort: Filter = (value, call) => {
  const names = ['reverse', 'case_sensitive', 'attribute'];
  const [reverse = false, caseSensitive = false, attribute = null] = bind('sort', names, call);
  const attributes = typeof attribute === 'string' ? attribute.split(',') : [attribute];
  const getters = attributes.map((name) => keyOf(name, caseSensitive));
  const [only] = getters;
  const key: Getter = getters.length === 1 && only ? only : (item) => getters.map((get) => get(item));
  return sorted(itemsOf(value), key, truth(reverse));
};

const dictsort: Filter = (value, call) => {
  const [caseSensitive = false, by = 'key', reverse = false] = bind(
    'dictsort',
    ['case_sensitive', 'by', 'reverse'],
    call,
  );
  if (!isDict(value)) throw new TemplateFault(`'${typeName(value)}' object has no attribute 'items'`);
  if (by !== 'key' && by !== 'value') throw new TemplateFault('You can only sort by either "key" or "value"');
  const key = keyOf(by === 'key' ? 0 : 1, caseSensitive);
  const pairs = [...value].map((pair) => new Tuple(pair));
  return sorted(pairs, key, truth(reverse));
};

const extreme =
  (name: string, better: (difference: number) => boolean): Filter =>
  (value, call) => {
    const [caseSensitive = false, attribute = null] = bind(name, ['case_sensitive', 'attribute'], call);
    const key = keyOf(attribute, caseSensitive);
    let best: Value | undefined;
    for (const item of itemsOf(value)) {
      if (best === undefined || better(order(key(item), key(best), '<'))) best = item;
    }
    return valueOr(best, () => new Undefined('No aggregated item, sequence was empty.'));
  };

/** Made when its first item is asked for, as Python's generators are. */
function lazily(items: () => Generator<Value>): Once {
  return new Once('generator', items());
}

const items: Filter = (value) =>
  lazily(function* () {
    if (value instanceof Undefined) return;
    if (!isDict(value)) throw new TemplateFault('Can only get item pairs from a mapping.');
    for (const pair of value) yield new Tuple(pair);
  });

const unique: Filter = (value, call) => {
  const [caseSensitive = false, attribute = null] = bind('unique', ['case_sensitive', 'attribute'], call);
  const key = keyOf(attribute, caseSensitive);
  return lazily(function* () {
    const seen = new Set<Value>();
    for (const item of itemsOf(value)) {
      const own = hashable(key(item));
      if (!seen.has(own)) yield item;
      seen.add(own);
    }
  });
};

const map: Filter = (value, call, known) =>
  lazily(function* () {
    if (!truth(value)) return;
    const apply = mapper(call, known);
    for (const item of itemsOf(value)) yield apply(item);
  });

function mapper(call: Call, known: Known): Getter {
  const attribute = call.kwargs.get('attribute');
  if (call.args.length === 0 && attribute !== undefined) {
    bind('map', ['attribute', 'default'], { args: [], kwargs: call.kwargs });
    return attributeGetter(attribute, call.kwargs.get('default') ?? null);
  }
  const [name = null, ...args] = call.args;
  const filter = known.filters.get(textArgument('map', name));
  if (filter === undefined) throw new TemplateFault(`No filter named '${str(name)}'.`);
  return (item) => filter(item, { args, kwargs: call.kwargs }, known);
}

const selecting =
  (kind: { byAttribute: boolean; wanted: boolean }): Filter =>
  (value, call, known) =>
    lazily(function* () {
      if (!truth(value)) return;
      const holds = condition(kind.byAttribute, call, known);
      for (const item of itemsOf(value)) if (holds(item) === kind.wanted) yield item;
    });

function condition(byAttribute: boolean, call: Call, known: Known): (item: Value) => boolean {
  const [attribute = null, ...rest] = byAttribute ? call.args : [null, ...call.args];
  if (byAttribute && attribute === null) throw new TemplateFault('Missing parameter for attribute name');
  const get = attributeGetter(attribute);
  const [name, ...args] = rest;
  if (name === undefined) return (item) => truth(get(item));
  const test = known.tests.get(textArgument('select', name));
  if (test === undefined) throw new TemplateFault(`No test named '${str(name)}'.`);
  return (item) => test(get(item), { args, kwargs: call.kwargs }, known);
}

const join: Filter = (value, call) => {
  const [separator = '', attribute = null] = bind('join', ['d', 'attribute'], call);
  const get = attributeGetter(attribute);
  return [...itemsOf(value)].map((item) => str(get(item))).join(str(separator));
};

const first: Filter = (value) => {
  const iterator = itemsOf(value)[Symbol.iterator]();
  const { done, value: item } = iterator.next() as { done?: boolean; value?: Value };
  return done === true || item === undefined ? new Undefined('No first item, sequence was empty.') : item;
};

const last: Filter = (value) => {
  if (value instanceof Once) throw new TemplateFault(`'${value.type}' object is not reversible`);
  return valueOr([...itemsOf(value)].at(-1), () => new Undefined('No last item, sequence was empty.'));
};

const reverse: Filter = (value) => {
  if (typeof value === 'string') return points(value).reverse().join('');
  if (value instanceof Markup) throw unknownHere('reverse of what is marked as safe');
  const reversed = [...itemsOf(value)].reverse();
  // What has no order of its own becomes a list in Python.
  if (value instanceof Once || value instanceof Undefined) return reversed;
  return new Once('list_reverseiterator', reversed.values());
};

const sum: Filter = (value, call) => {
  const [attribute = null, start = 0] = bind('sum', ['attribute', 'start'], call);
  const get = attributeGetter(attribute);
  return [...itemsOf(value)].reduce<Value>((total, item) => add(total, get(item)), start);
};

const groupby: Filter = (value, call) => {
  const [attribute = null, fallback = null, caseSensitive = false] = bind(
    'groupby',
    ['attribute', 'default', 'case_sensitive'],
    call,
    1,
  );
  const plain = attributeGetter(attribute, fallback);
  const key: Getter = truth(caseSensitive) ? plain : (item) => ignoreCase(plain(item));
  const groups: { key: Value; items: Value[] }[] = [];
  for (const item of sorted(itemsOf(value), key, false)) {
    const own = key(item);
    const group = groups.at(-1);
    if (group !== undefined && order(group.key, own, '<') === 0) group.items.push(item);
    else groups.push({ key: own, items: [item] });
  }
  return groups.map(({ items: own }) => new Group([plain(own[0] ?? null), own]));
};

const batch: Filter = (value, call) => {
  const [count, fill = null] = bind('batch', ['linecount', 'fill_with'], call, 1);
  const size = integerArgument('batch', count, 1);
  return lazily(function* () {
    let group: Value[] = [];
    for (const item of itemsOf(value)) {
      if (group.length === size) {
        yield group;
        group = [];
      }
      group.push(item);
    }
    const missing = fill === null || group.length === 0 ? 0 : size - group.length;
    if (group.length > 0) yield [...group, ...Array.from({ length: Math.max(0, missing) }, () => fill)];
  });
};

const attr: Filter = () => {
  throw unknownHere('the filter attr');
};

export const LIST_FILTERS: Readonly<Record<string, Filter>> = {
  attr,
  batch,
  dictsort,
  first,
  groupby,
  items,
  join,
  last,
  list: (value) => [...itemsOf(value)],
  map,
  max: extreme('max', (difference) => difference > 0),
  min: extreme('min', (difference) => difference < 0),
  reject: selecting({ byAttribute: false, wanted: false }),
  rejectattr: selecting({ byAttribute: true, wanted: false }),
  reverse,
  select: selecting({ byAttribute: false, wanted: true }),
  selectattr: selecting({ byAttribute: true, wanted: true }),
  sort,
  sum,
  unique,
};
