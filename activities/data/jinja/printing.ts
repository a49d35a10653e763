/** Values as text: Python's str, repr and json.dumps. */
import {
  Callable,
  DictView,
  Float,
  Markup,
  Namespace,
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
import { comparePoints } from './points.ts';

/** `str(value)`; what Python prints with an address in memory is refused. */
export function str(value: Value): string {
  if (typeof value === 'string') return value;
  if (value instanceof Undefined) return '';
  if (value instanceof Markup) return value.text;
  return repr(value);
}

/** `repr(value)`. */
export function repr(value: Value): string {
  if (typeof value === 'string') return reprText(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (value === null) return 'None';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  if (value instanceof Map) return reprDict(value);
  return reprObject(value);
}

function reprObject(value: PyObject): string {
  if (value instanceof Float) return reprFloat(value.value);
  if (value instanceof Tuple) return `(${value.items.map(repr).join(', ')}${value.items.length === 1 ? ',' : ''})`;
  if (value instanceof Range) {
    return `range(${value.start}, ${value.stop}${value.step === 1 ? '' : `, ${value.step}`})`;
  }
  if (value instanceof DictView) return `${value.type}([${value.items.map(repr).join(', ')}])`;
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof Markup) return `Markup(${reprText(value.text)})`;
  if (value instanceof Namespace) return `<Namespace ${reprDict(value.attributes)}>`;
  const what = value instanceof Callable ? `the function ${value.name}` : `a ${value.type}`;
  throw unknownHere(`printing ${what}`);
}

function reprDict(dict: Dict): string {
  return `{${[...dict].map(([key, item]) => `${repr(key)}: ${repr(item)}`).join(', ')}}`;
}

/** The shortest digits that read back the same, with an exponent from 1e16 on and below 1e-4. */
function reprFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= 16)) {
    return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  // Between these bounds JavaScript writes no exponent either.
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const UNPRINTABLE = /[\\\p{C}\p{Z}]/gu;

function reprText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(UNPRINTABLE, (char) => (char === ' ' ? char : (ESCAPES[char] ?? escapeOf(char))));
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}

function escapeOf(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x1_00) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x1_00_00) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

/** Arguments of json.dumps that chat templates may give. */
export interface JsonStyle {
  readonly ascii: boolean;
  readonly indent: string | undefined;
  readonly separators: readonly [item: string, key: string];
  readonly sortKeys: boolean;
}

/** `json.dumps(value)`. */
export function toJson(value: Value, style: JsonStyle, line = '\n'): string {
  if (typeof value === 'string') return jsonText(value, style.ascii);
  if (value instanceof Markup) return jsonText(value.text, style.ascii);
  if (value === null) return 'null';
  if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value instanceof Float) return jsonFloat(value.value);
  if (Array.isArray(value)) return jsonItems(value, style, line);
  if (value instanceof Tuple) return jsonItems(value.items, style, line);
  if (value instanceof Map) return jsonObject(value, style, line);
  throw new TemplateFault(`Object of type ${typeName(value)} is not JSON serializable`);
}

function jsonItems(items: readonly Value[], style: JsonStyle, line: string): string {
  const inner = line + (style.indent ?? '');
  return wrap(
    '[]',
    items.map((item) => toJson(item, style, inner)),
    style,
    line,
  );
}

function jsonObject(dict: Dict, style: JsonStyle, line: string): string {
  const inner = line + (style.indent ?? '');
  const entries = style.sortKeys ? sorted(dict) : [...dict];
  const written = entries.map(
    ([key, item]) => jsonText(jsonKey(key), style.ascii) + style.separators[1] + toJson(item, style, inner),
  );
  return wrap('{}', written, style, line);
}

function sorted(dict: Dict): [string, Value][] {
  const entries = [...dict].map(([key, item]): [string, Value] => {
    if (typeof key !== 'string') throw unknownHere('sort_keys with keys that are not text');
    return [key, item];
  });
  return entries.sort(([a], [b]) => comparePoints(a, b));
}

function jsonKey(key: Value): string {
  if (typeof key === 'string') return key;
  if (key === null) return 'null';
  if (typeof key === 'boolean' || typeof key === 'number' || typeof key === 'bigint') return String(key);
  throw new TemplateFault(`keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

function wrap(brackets: string, items: readonly string[], { indent, separators }: JsonStyle, line: string): string {
  const [open = '', close = ''] = brackets;
  if (items.length === 0) return open + close;
  if (indent === undefined) return open + items.join(separators[0]) + close;
  const inner = line + indent;
  return open + inner + items.join(separators[0] + inner) + line + close;
}

function jsonFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return reprFloat(value);
}

const JSON_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
  '\b': '\\b',
};

function jsonText(text: string, ascii: boolean): string {
  // eslint-disable-next-line no-control-regex
  const special = ascii ? /["\\]|[^ -~]/g : /["\\\u0000-\u001f]/g;
  return `"${text.replace(special, (char) => JSON_ESCAPES[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;
}
