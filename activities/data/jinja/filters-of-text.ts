/** Filters whose value is a text or a number. */
import { bind, integerArgument, textArgument } from './arguments.ts';
import type { Filter } from './filter.ts';
import { escapeHtml, itemsOf, length, textOf, truth } from './operators.ts';
import { integer, realOf } from './numbers.ts';
import { formatPercent } from './percent.ts';
import { points } from './points.ts';
import { str, toJson } from './printing.ts';
import { capitalize, center, replace } from './string-methods.ts';
import { SPACE, splitLines, strip } from './strip.ts';
import {
  Float,
  Markup,
  TemplateFault,
  Tuple,
  Undefined,
  typeName,
  unknownHere,
  type Call,
  type Value,
} from './values.ts';

const ofText =
  (name: string, change: (text: string) => Value): Filter =>
  (value, call) => {
    bind(name, [], call);
    return change(soft(value));
  };

/** soft_str, of anything that is not Markup, whose methods escape what they are given. */
function soft(value: Value): string {
  if (value instanceof Markup) throw unknownHere('a filter of what is marked as safe');
  return str(value);
}

const trim: Filter = (value, call) => {
  const [chars = null] = bind('trim', ['chars'], call);
  return strip(soft(value), chars === null ? undefined : textArgument('trim', chars));
};

const replaceFilter: Filter = (value, call) => {
  const [old = '', by = '', count = null] = bind('replace', ['old', 'new', 'count'], call, 2);
  return replace(str(value), str(old), str(by), count === null ? -1 : integerArgument('replace', count, -1));
};

const indent: Filter = (value, call) => {
  const [width = 4, first = false, blank = false] = bind('indent', ['width', 'first', 'blank'], call);
  if (typeof value !== 'string') throw unknownHere(`indent of a ${typeName(value)}`);
  const indention = typeof width === 'string' ? width : ' '.repeat(integerArgument('indent', width, 4));
  const [top = '', ...lines] = splitLines(`${value}\n`);
  const indented = lines.map((line) => (line === '' && !truth(blank) ? line : indention + line));
  return (truth(first) ? indention : '') + [top, ...indented].join('\n');
};

/** A word begins after white space, a hyphen or an opening bracket. */
const WORD = new RegExp(`[-${SPACE}({\\[<]+|[^-${SPACE}({\\[<]+`, 'gu');

function title(text: string): string {
  return text.replace(WORD, (word) => {
    const [first = '', ...rest] = points(word);
    return first.toUpperCase() + rest.join('').toLowerCase();
  });
}

const tojson: Filter = (value, call) => {
  const names = ['ensure_ascii', 'indent', 'separators', 'sort_keys'];
  const [ascii = false, width = null, separators = null, sortKeys = false] = bind('tojson', names, call);
  if (value instanceof Undefined) throw new TemplateFault('Object of type Undefined is not JSON serializable');
  return toJson(value, {
    ascii: truth(ascii),
    indent: indentOf(width),
    separators: separatorsOf(separators, width !== null),
    sortKeys: truth(sortKeys),
  });
};

function indentOf(width: Value): string | undefined {
  if (width === null) return undefined;
  return typeof width === 'string' ? width : ' '.repeat(Math.max(0, integerArgument('tojson', width, 0)));
}

function separatorsOf(value: Value, indented: boolean): [string, string] {
  if (value === null) return [indented ? ',' : ', ', ': '];
  const [item = null, key = null, ...more] = itemsOf(value);
  if (more.length > 0) throw new TemplateFault('tojson: separators are two texts');
  return [textArgument('tojson', item), textArgument('tojson', key)];
}

const INTEGER = /^[+-]?\d+(?:_\d+)*$/;
const FLOAT = /^[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

function parseFloatText(value: Value): number | undefined {
  const number = realOf(value);
  if (number !== undefined) return Number(number);
  const text = textOf(value) === undefined ? undefined : strip(textOf(value) ?? '', undefined);
  if (text === undefined) return undefined;
  if (/^[+-]?(inf|infinity|nan)$/i.test(text) || /[^\u0020-\u007e]/.test(text)) throw unknownHere(`the number ${text}`);
  return FLOAT.test(text) ? Number(text.replaceAll('_', '')) : undefined;
}

const int: Filter = (value, call) => {
  const [fallback = 0, base = 10] = bind('int', ['default', 'base'], call);
  if (value instanceof Undefined) value.fail();
  if (base !== 10) throw unknownHere('int with another base');
  const text = typeof value === 'string' ? strip(value, undefined) : undefined;
  if (text !== undefined && INTEGER.test(text)) return integer(BigInt(text.replaceAll('_', '').replace('+', '')));
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  const number = parseFloatText(value);
  return number !== undefined && Number.isFinite(number) ? integer(BigInt(Math.trunc(number))) : fallback;
};

const float: Filter = (value, call) => {
  const [fallback = new Float(0)] = bind('float', ['default'], call);
  if (value instanceof Undefined) value.fail();
  const number = parseFloatText(value);
  return number === undefined ? fallback : new Float(number);
};

/** Python rounds the exact value, and half to even. */
const round: Filter = (value, call) => {
  const [precision = 0, method = 'common'] = bind('round', ['precision', 'method'], call);
  const number = realOf(value);
  if (number === undefined) throw new TemplateFault(`type ${typeName(value)} doesn't define __round__ method`);
  const digits = integerArgument('round', precision, 0);
  if (digits < 0) throw unknownHere('round with a negative precision');
  if (method === 'ceil' || method === 'floor') {
    const scaled = Math[method](Number(number) * 10 ** digits);
    return new Float(scaled / 10 ** digits);
  }
  if (method !== 'common') throw new TemplateFault('method must be common, ceil or floor');
  if (!(value instanceof Float)) return value;
  return new Float(roundHalfEven(value.value, digits));
};

function roundHalfEven(value: number, digits: number): number {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e15) return value;
  if (digits > 20) return value;
  const exact = value.toFixed(Math.min(100, digits + 60 > 100 ? 100 : digits + 60));
  const [whole = '', fraction = ''] = exact.split('.');
  const rest = fraction.slice(digits);
  const kept = BigInt(`${whole.replace('-', '')}${fraction.slice(0, digits)}`);
  const half = `5${'0'.repeat(Math.max(0, rest.length - 1))}`;
  const up = rest > half || (rest === half && kept % 2n === 1n);
  const digitsText = String(up ? kept + 1n : kept).padStart(digits + 1, '0');
  const at = digitsText.length - digits;
  const sign = exact.startsWith('-') ? '-' : '';
  return Number(`${sign}${digitsText.slice(0, at)}.${digitsText.slice(at)}`);
}

const format: Filter = (value, call) => {
  if (call.kwargs.size > 0 && call.args.length > 0) throw new TemplateFault("can't handle both kinds of arguments");
  return formatPercent(soft(value), call.kwargs.size > 0 ? new Map(call.kwargs) : new Tuple(call.args));
};

/** Truncates at a word's end unless `killwords`; up to `leeway` characters more are let stand. */
const truncate: Filter = (value, call) => {
  const [size = 255, kill = false, end = '...', leeway = 5] = bind(
    'truncate',
    ['length', 'killwords', 'end', 'leeway'],
    call,
  );
  // Python counts and cuts whatever has a length, and looks for a blank in it later.
  if (value instanceof Undefined) return value;
  if (typeof value !== 'string') throw unknownHere(`truncate of a ${typeName(value)}`);
  const characters = points(value);
  const [limit, suffix] = [integerArgument('truncate', size, 255), textArgument('truncate', end)];
  if (limit < points(suffix).length) throw new TemplateFault(`expected length >= ${points(suffix).length}`);
  if (characters.length <= limit + integerArgument('truncate', leeway, 5)) return characters.join('');
  const kept = characters.slice(0, limit - points(suffix).length).join('');
  if (truth(kill)) return kept + suffix;
  const blank = kept.lastIndexOf(' ');
  return (blank < 0 ? kept : kept.slice(0, blank)) + suffix;
};

const lengthFilter: Filter = (value, call) => {
  bind('length', [], call);
  const size = length(value);
  if (size === undefined) throw new TemplateFault(`object of type '${typeName(value)}' has no len()`);
  return size;
};

const defaultFilter: Filter = (value, call: Call) => {
  const [fallback = '', boolean = false] = bind('default', ['default_value', 'boolean'], call);
  return value instanceof Undefined || (truth(boolean) && !truth(value)) ? fallback : value;
};

const absolute: Filter = (value) => {
  const number = realOf(value);
  if (number === undefined) throw new TemplateFault(`bad operand type for abs(): '${typeName(value)}'`);
  if (value instanceof Float) return new Float(Math.abs(value.value));
  return number < 0 ? integer(-BigInt(number)) : number;
};

const markup: Filter = (value) => new Markup(str(value));
const escape: Filter = (value) => new Markup(escapeHtml(value));

export const TEXT_FILTERS: Readonly<Record<string, Filter>> = {
  abs: absolute,
  capitalize: ofText('capitalize', capitalize),
  center: (value, call) => center(soft(value), integerArgument('center', bind('center', ['width'], call)[0], 80)),
  count: lengthFilter,
  d: defaultFilter,
  default: defaultFilter,
  e: escape,
  escape,
  float,
  forceescape: escape,
  format,
  indent,
  int,
  length: lengthFilter,
  lower: ofText('lower', (text) => text.toLowerCase()),
  replace: replaceFilter,
  round,
  safe: markup,
  string: (value) => (value instanceof Markup ? value : str(value)),
  title: ofText('title', title),
  tojson,
  trim,
  truncate,
  upper: ofText('upper', (text) => text.toUpperCase()),
  wordcount: ofText('wordcount', (text) => [...text.matchAll(/[\p{L}\p{N}_]+/gu)].length),
};
