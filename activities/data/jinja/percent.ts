/** Python's `text % values`. */
import { realOf } from './numbers.ts';
import { repr, str } from './printing.ts';
import { Float, TemplateFault, Tuple, typeName, unknownHere, type Value } from './values.ts';

const DIRECTIVE = /%(?:\((?<name>[^)]*)\))?(?<flags>[-0+ #]*)(?<width>\d*)(?:\.(?<precision>\d+))?(?<kind>.|$)/gsu;

/** `text % values`: %s, %r, %d, %i, %f, %x and %%, with flags, widths and names. */
export function formatPercent(text: string, values: Value): string {
  const items = values instanceof Tuple ? values.items : [values];
  let used = 0;
  const next = (name: string | undefined): Value => {
    if (name !== undefined) {
      const item = values instanceof Map ? values.get(name) : undefined;
      if (item === undefined) throw new TemplateFault(`format requires a mapping with ${name}`);
      return item;
    }
    const item = items[used++];
    if (item === undefined) throw new TemplateFault('not enough arguments for format string');
    return item;
  };
  const formatted = text.replace(DIRECTIVE, (...match: unknown[]) => {
    const groups = match.at(-1) as Directive;
    return groups.kind === '%' ? '%' : pad(convert(next(groups.name), groups), groups);
  });
  if (used < items.length && !(values instanceof Map)) {
    throw new TemplateFault('not all arguments converted during string formatting');
  }
  return formatted;
}

interface Directive {
  readonly name: string | undefined;
  readonly flags: string;
  readonly width: string;
  readonly precision: string | undefined;
  readonly kind: string;
}

function convert(value: Value, { kind, precision }: Directive): string {
  if (kind === 's' || kind === 'r') {
    const text = kind === 's' ? str(value) : repr(value);
    return precision === undefined ? text : text.slice(0, Number(precision));
  }
  const number = realOf(value);
  if (number === undefined) throw new TemplateFault(`%${kind} format: a number is required, not ${typeName(value)}`);
  if (kind === 'f') return fixed(Number(number), Number(precision ?? 6));
  if (precision !== undefined) throw unknownHere(`%.${precision}${kind}`);
  return whole(value instanceof Float ? Math.trunc(value.value) : number, kind);
}

function whole(number: number | bigint, kind: string): string {
  if (kind === 'd' || kind === 'i') return String(BigInt(number));
  if (kind === 'x' && Number.isSafeInteger(number)) return number.toString(16);
  throw unknownHere(`the format %${kind}`);
}

/** Both round half to even in the exact binary value. */
function fixed(value: number, digits: number): string {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e21) throw unknownHere('%f of such a number');
  return value.toFixed(digits);
}

function pad(text: string, { flags, width, kind }: Directive): string {
  if (/[#]/.test(flags)) throw unknownHere(`the flag # of %${kind}`);
  const signed = 'dif'.includes(kind) && !text.startsWith('-');
  const sign = signed && flags.includes('+') ? '+' : signed && flags.includes(' ') ? ' ' : '';
  const target = Number(width);
  if (flags.includes('-')) return (sign + text).padEnd(target);
  if (!flags.includes('0') || !'difx'.includes(kind)) return (sign + text).padStart(target);
  const minus = text.startsWith('-') ? '-' : sign;
  return minus + text.slice(text.startsWith('-') ? 1 : 0).padStart(target - minus.length, '0');
}
