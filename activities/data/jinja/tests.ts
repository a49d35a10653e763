/** Jinja2's tests: what stands after `is`. */
import { bind, textArgument } from './arguments.ts';
import type { Test } from './filter.ts';
import { contains, equal, iterate, order, textOf } from './operators.ts';
import { arithmetic, realOf } from './numbers.ts';
import { str } from './printing.ts';
import { isLower, isUpper } from './string-methods.ts';
import { Callable, Float, Markup, PyObject, Range, Tuple, Undefined, isDict, type Value } from './values.ts';

const about =
  (name: string, test: (value: Value) => boolean): Test =>
  (value, call) => {
    bind(name, [], call);
    return test(value);
  };

const between =
  (name: string, test: (value: Value, other: Value) => boolean): Test =>
  (value, call) => {
    const [other = null] = bind(name, ['other'], call, 1);
    return test(value, other);
  };

const isNumber = (value: Value): boolean => realOf(value) !== undefined;
const isInteger = (value: Value): boolean => typeof value === 'number' || typeof value === 'bigint';

/** A length and items by index; dictionaries have both. */
function isSequence(value: Value): boolean {
  if (textOf(value) !== undefined || Array.isArray(value) || isDict(value)) return true;
  return value instanceof Tuple || value instanceof Range || value instanceof Undefined;
}

function isSame(value: Value, other: Value): boolean {
  if (value === other) return true;
  const simple = value === null || typeof value === 'boolean' || other === null || typeof other === 'boolean';
  // Whether equal texts or numbers are one object depends on Python's insides.
  return simple || value instanceof PyObject || other instanceof PyObject ? false : equal(value, other);
}

const remainder = (value: Value, by: Value): Value => arithmetic('%', value, by);
const compare = (name: string, sign: string, test: (order: number) => boolean): Test =>
  between(name, (value, other) => test(order(value, other, sign)));

const equalTo = between('equalto', equal);
const unequal = between('ne', (value, other) => !equal(value, other));
const greater = compare('greaterthan', '>', (difference) => difference > 0);
const less = compare('lessthan', '<', (difference) => difference < 0);
const atLeast = compare('ge', '>=', (difference) => difference >= 0);
const atMost = compare('le', '<=', (difference) => difference <= 0);

export const TESTS: ReadonlyMap<string, Test> = new Map(
  Object.entries<Test>({
    boolean: about('boolean', (value) => typeof value === 'boolean'),
    callable: about('callable', (value) => value instanceof Callable || value instanceof Undefined),
    defined: about('defined', (value) => !(value instanceof Undefined)),
    divisibleby: between('divisibleby', (value, by) => equal(remainder(value, by), 0)),
    escaped: about('escaped', (value) => value instanceof Markup),
    even: about('even', (value) => equal(remainder(value, 2), 0)),
    false: about('false', (value) => value === false),
    filter: (value, call, { filters }) => {
      bind('filter', [], call);
      return filters.has(textArgument('filter', value));
    },
    float: about('float', (value) => value instanceof Float),
    in: between('in', (value, container) => contains(container, value)),
    integer: about('integer', isInteger),
    iterable: about('iterable', (value) => iterate(value) !== undefined),
    lower: about('lower', (value) => isLower(str(value))),
    mapping: about('mapping', isDict),
    none: about('none', (value) => value === null),
    number: about('number', isNumber),
    odd: about('odd', (value) => equal(remainder(value, 2), 1)),
    sameas: between('sameas', isSame),
    sequence: about('sequence', isSequence),
    string: about('string', (value) => textOf(value) !== undefined),
    test: (value, call, { tests }) => {
      bind('test', [], call);
      return tests.has(textArgument('test', value));
    },
    true: about('true', (value) => value === true),
    undefined: about('undefined', (value) => value instanceof Undefined),
    upper: about('upper', (value) => isUpper(str(value))),
    '==': equalTo,
    eq: equalTo,
    equalto: equalTo,
    '!=': unequal,
    ne: unequal,
    '>': greater,
    gt: greater,
    greaterthan: greater,
    '>=': atLeast,
    ge: atLeast,
    '<': less,
    lt: less,
    lessthan: less,
    '<=': atMost,
    le: atMost,
  }),
);
