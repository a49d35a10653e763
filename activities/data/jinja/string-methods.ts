/** Methods of Python's str. */
import { bind, integerArgument, textArgument } from './arguments.ts';
import { formatBraces } from './braces.ts';
import { itemsOf, textOf, truth } from './operators.ts';
import { pointLength, points } from './points.ts';
import { ONLY_SPACE, splitLines, splitWords, splitWordsFromRight, strip } from './strip.ts';
import { TemplateFault, Tuple, unknownHere, type Call, type Value } from './values.ts';

type Method = (text: string, call: Call) => Value;

const noArguments =
  (name: string, method: (text: string) => Value): Method =>
  (text, call) => {
    bind(name, [], call);
    return method(text);
  };

const stripping =
  (name: string, side: 'both' | 'left' | 'right'): Method =>
  (text, call) => {
    const [chars = null] = bind(name, ['chars'], call);
    return strip(text, chars === null ? undefined : textArgument(name, chars), side);
  };

const split: Method = (text, call) => {
  const [separator = null, limit] = bind('split', ['sep', 'maxsplit'], call);
  const max = integerArgument('split', limit, -1);
  return separator === null ? splitWords(text, max) : splitAt(text, separatorOf(separator), max);
};

const rsplit: Method = (text, call) => {
  const [separator = null, limit] = bind('rsplit', ['sep', 'maxsplit'], call);
  const max = integerArgument('rsplit', limit, -1);
  if (separator === null) return splitWordsFromRight(text, max);
  const parts = splitAt(text, separatorOf(separator), -1);
  if (max < 0 || parts.length <= max + 1) return parts;
  return [parts.slice(0, parts.length - max).join(separatorOf(separator)), ...parts.slice(parts.length - max)];
};

function separatorOf(value: Value): string {
  const separator = textArgument('split', value);
  if (separator === '') throw new TemplateFault('empty separator');
  return separator;
}

function splitAt(text: string, separator: string, max: number): string[] {
  const parts = text.split(separator);
  if (max < 0 || parts.length <= max + 1) return parts;
  return [...parts.slice(0, max), parts.slice(max).join(separator)];
}

/** str.replace, `count` times at most (-1: everywhere); an empty text stands between all characters. */
export function replace(text: string, old: string, by: string, count: number): string {
  if (count < 0 && old !== '') return text.replaceAll(old, () => by);
  const parts = old === '' ? ['', ...points(text), ''] : text.split(old);
  const times = count < 0 ? parts.length : count;
  let replaced = parts[0] ?? '';
  for (const [index, part] of parts.slice(1).entries()) replaced += (index < times ? by : old) + part;
  return replaced;
}

const replaceMethod: Method = (text, call) => {
  const [old, by, count] = bind('replace', ['old', 'new', 'count'], call, 2);
  return replace(
    text,
    textArgument('replace', old),
    textArgument('replace', by),
    integerArgument('replace', count, -1),
  );
};

/** startswith and endswith take one text or a tuple of them, and where to look. */
const affix =
  (name: string, test: (text: string, part: string) => boolean): Method =>
  (text, call) => {
    const [parts = null, start, end] = bind(name, ['prefix', 'start', 'end'], call, 1);
    const looked =
      start === undefined && end === undefined
        ? text
        : points(text)
            .slice(integerArgument(name, start, 0), end === null ? undefined : integerArgument(name, end, Infinity))
            .join('');
    const wanted = parts instanceof Tuple ? parts.items : [parts];
    return wanted.some((part) => test(looked, textArgument(name, part)));
  };

const finding =
  (name: string, find: (text: string, part: string) => number, orFail: boolean): Method =>
  (text, call) => {
    const [part] = bind(name, ['sub'], call, 1);
    const at = find(text, textArgument(name, part));
    if (at < 0 && orFail) throw new TemplateFault('substring not found');
    return at < 0 ? -1 : pointLength(text.slice(0, at));
  };

const count: Method = (text, call) => {
  const part = textArgument('count', bind('count', ['sub'], call, 1)[0]);
  return part === '' ? pointLength(text) + 1 : text.split(part).length - 1;
};

const join: Method = (text, call) => {
  const [items = null] = bind('join', ['iterable'], call, 1);
  return [...itemsOf(items)]
    .map((item, index) => {
      const part = textOf(item);
      if (part === undefined) throw new TemplateFault(`sequence item ${index}: expected str instance`);
      return part;
    })
    .join(text);
};

const padding =
  (name: string, pad: (missing: number) => [left: number, right: number]): Method =>
  (text, call) => {
    const [width, fill = ' '] = bind(name, ['width', 'fillchar'], call, 1);
    const missing = Math.max(0, integerArgument(name, width, 0) - pointLength(text));
    const [left, right] = pad(missing);
    const char = textArgument(name, fill);
    return char.repeat(left) + text + char.repeat(right);
  };

/** Python puts the odd blank left where the width is odd. */
export function center(text: string, width: number, fill = ' '): string {
  const missing = width - pointLength(text);
  if (missing <= 0) return text;
  const left = Math.floor(missing / 2) + (missing & width & 1);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}

const zfill: Method = (text, call) => {
  const width = integerArgument('zfill', bind('zfill', ['width'], call, 1)[0], 0);
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  return sign + '0'.repeat(Math.max(0, width - pointLength(text))) + text.slice(sign.length);
};

const partition =
  (name: string, find: (text: string, part: string) => number): Method =>
  (text, call) => {
    const part = separatorOf(bind(name, ['sep'], call, 1)[0] ?? null);
    const at = find(text, part);
    if (at >= 0) return new Tuple([text.slice(0, at), part, text.slice(at + part.length)]);
    return new Tuple(name === 'partition' ? [text, '', ''] : ['', '', text]);
  };

const CASED = /\p{Cased}/u;

/** A word begins after what has no case. */
function title(text: string): string {
  const chars = points(text);
  let inside = false;
  return chars
    .map((char, index) => {
      const cased = CASED.test(char);
      const written = cased ? (inside ? lowerAt(chars, index) : titleCase(char)) : char;
      inside = cased;
      return written;
    })
    .join('');
}

/** A sigma is another one at the end of a word. */
function lowerAt(chars: readonly string[], index: number): string {
  const char = chars[index] ?? '';
  if (char !== 'Σ') return char.toLowerCase();
  const after = /^\p{Case_Ignorable}*\p{Cased}/u.test(chars.slice(index + 1).join(''));
  return !after && /\p{Cased}\p{Case_Ignorable}*$/u.test(chars.slice(0, index).join('')) ? 'ς' : 'σ';
}

const DIGRAPHS: readonly (readonly [title: string, all: string])[] = [
  ['ǅ', 'Ǆǅǆ'],
  ['ǈ', 'Ǉǈǉ'],
  ['ǋ', 'Ǌǋǌ'],
  ['ǲ', 'Ǳǲǳ'],
];
const IOTA = 'Ι';

/** The letter at the beginning of a word, which is not always the capital. */
function titleCase(char: string): string {
  if (/[ა-ჺჽ-ჿ]/u.test(char)) return char;
  if (char === 'ŉ') return 'ʼN';
  const digraph = char !== '' && DIGRAPHS.find(([, all]) => all.includes(char));
  if (digraph) return digraph[0];
  const upper = char.toUpperCase();
  // A capital has its iota beside it, a title letter below: one with it, unless it bears a circumflex.
  if (upper.length > 1 && upper.endsWith(IOTA)) {
    const below = `${upper.slice(0, -1)}\u0345`;
    return upper.length === 2 ? below.normalize('NFC') : below;
  }
  const [first = '', ...rest] = points(upper);
  return first + rest.join('').toLowerCase();
}

export function capitalize(text: string): string {
  const [first = ''] = points(text);
  return titleCase(first) + text.toLowerCase().slice(first.toLowerCase().length);
}

const all =
  (pattern: RegExp): ((text: string) => boolean) =>
  (text) =>
    pattern.test(text);

function isCase(text: string, is: 'upper' | 'lower'): boolean {
  const other = is === 'upper' ? /[\p{Lowercase}\p{Lt}]/u : /[\p{Uppercase}\p{Lt}]/u;
  return CASED.test(text) && !other.test(text);
}

export const isLower = (text: string): boolean => isCase(text, 'lower');
export const isUpper = (text: string): boolean => isCase(text, 'upper');

/** Superscripts and the like are digits to some of these questions and not to others. */
function plainDigits(text: string): boolean {
  if (/[\p{No}\p{Nl}]/u.test(text)) throw unknownHere('whether such a sign is a digit');
  return /^\p{Nd}+$/u.test(text);
}

const splitlines: Method = (text, call) => splitLines(text, truth(bind('splitlines', ['keepends'], call)[0] ?? false));

const affixless =
  (name: string, remove: (text: string, part: string) => string): Method =>
  (text, call) =>
    remove(text, textArgument(name, bind(name, [name.slice('remove'.length)], call, 1)[0]));

export const STRING_METHODS: Readonly<Record<string, Method>> = {
  strip: stripping('strip', 'both'),
  lstrip: stripping('lstrip', 'left'),
  rstrip: stripping('rstrip', 'right'),
  split,
  rsplit,
  splitlines,
  replace: replaceMethod,
  startswith: affix('startswith', (text, part) => text.startsWith(part)),
  endswith: affix('endswith', (text, part) => text.endsWith(part)),
  removeprefix: affixless('removeprefix', (text, part) => (text.startsWith(part) ? text.slice(part.length) : text)),
  removesuffix: affixless('removesuffix', (text, part) =>
    part !== '' && text.endsWith(part) ? text.slice(0, -part.length) : text,
  ),
  find: finding('find', (text, part) => text.indexOf(part), false),
  rfind: finding('rfind', (text, part) => text.lastIndexOf(part), false),
  index: finding('index', (text, part) => text.indexOf(part), true),
  rindex: finding('rindex', (text, part) => text.lastIndexOf(part), true),
  count,
  join,
  ljust: padding('ljust', (missing) => [0, missing]),
  rjust: padding('rjust', (missing) => [missing, 0]),
  center: (text, call) => {
    const [width, fill = ' '] = bind('center', ['width', 'fillchar'], call, 1);
    return center(text, integerArgument('center', width, 0), textArgument('center', fill));
  },
  zfill,
  partition: partition('partition', (text, part) => text.indexOf(part)),
  rpartition: partition('rpartition', (text, part) => text.lastIndexOf(part)),
  format: formatBraces,
  upper: noArguments('upper', (text) => text.toUpperCase()),
  lower: noArguments('lower', (text) => text.toLowerCase()),
  title: noArguments('title', title),
  capitalize: noArguments('capitalize', capitalize),
  isdigit: noArguments('isdigit', plainDigits),
  isdecimal: noArguments('isdecimal', plainDigits),
  isnumeric: noArguments('isnumeric', (text) => {
    if (/\p{Script=Han}/u.test(text)) throw unknownHere('whether such a sign is numeric');
    return plainDigits(text);
  }),
  isalpha: noArguments('isalpha', all(/^\p{L}+$/u)),
  isalnum: noArguments('isalnum', all(/^[\p{L}\p{N}]+$/u)),
  isspace: noArguments('isspace', all(ONLY_SPACE)),
  isascii: noArguments('isascii', (text) => points(text).every((char) => char < '\u0080')),
  islower: noArguments('islower', isLower),
  isupper: noArguments('isupper', isUpper),
};

/** Methods that a str has, and that are not known here. */
export const OTHER_STRING_METHODS: ReadonlySet<string> = new Set(
  'casefold encode expandtabs format_map isidentifier isprintable istitle maketrans swapcase translate'.split(' '),
);
