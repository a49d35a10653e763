/** One spelling for what people, LaTeX and Unicode spell in many ways, before numbers are read. Linear in the text. */

/** Spaces that group digits wherever they stand. */
export const GROUPING_SPACES = ' \u00a0\u2007\u2009\u202f';

/** Commands that say how something looks: what they enclose counts as if they were not there. */
const LOOKS = names(
  'text textbf textit textrm textnormal texttt mathrm mathbf mathit mathsf mathtt mbox hbox operatorname boxed fbox',
  'displaystyle textstyle left right bigl bigr big Big bf rm underline emph limits',
);
/** Commands that stand between one thing and the next. */
const RELATIONS = names(
  'approx Rightarrow rightarrow Longrightarrow longrightarrow implies iff therefore because to quad qquad ldots dots',
  'cdots le ge leq geq lt gt ne neq sim equiv newline in cup cap colon hline begin end item mid',
);
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ...LOOKS.map((name): [string, string] => [name, ' ']),
  ...RELATIONS.map((name): [string, string] => [name, ' = ']),
  ...['frac', 'dfrac', 'tfrac', 'cfrac'].map((name): [string, string] => [name, '\\frac']),
  ...['times', 'cdot', 'ast'].map((name): [string, string] => [name, ' * ']),
  ['div', ' / '],
  ['degree', ' degrees '],
]);

/** What stands for a sign of ASCII. */
const SIGNS: ReadonlyMap<string, string> = new Map(
  [
    ['-', '\u2212\ufe63\uff0d\u2010\u2011'],
    ['+', '\ufe62\uff0b'],
    ['*', '\u00d7\u22c5\u00b7\u2219'],
    ['/', '\u00f7\u2044\u2215\uff0f'],
    ['%', '\u066a\uff05\ufe6a'],
    ['.', '\uff0e'],
    [',', '\uff0c'],
    [':', '\uff1a'],
    ["'", '\u2018\u2019\u02bc'],
    [' = ', '\u2192\u21d2\u2248'],
    [' degrees ', '\u00b0'],
  ].flatMap(([plain = '', signs = '']) => signs.split('').map((sign): [string, string] => [sign, plain])),
);
const CURRENCIES = /(?<=[-+(])\s?\p{Sc}\s?(?=[\d.])/gu;

export function plainNotation(text: string): string {
  return (
    digits(text)
      .replaceAll(/[⁺⁻]?[⁰¹²³⁴-⁹]+/g, (raised) => `^{${lowered(raised)}}`)
      .replaceAll(
        /[\u00bc-\u00be\u2150-\u215e\u2189]/g,
        (fraction) => ` ${fraction.normalize('NFKD').replace('\u2044', '/')}`,
      )
      .replaceAll('{,}', ',')
      .replaceAll(/\\!/g, '')
      .replaceAll(/(?<=\d)\\,(?=\d)/g, '\u2009')
      .replaceAll(/\\[,;:> ]|~/g, ' ')
      .replaceAll(/\\[()[\]]|\\\\|\$\$/g, ' = ')
      .replaceAll(/\\([%#&_{}])/g, '$1')
      .replaceAll(/\\\$/g, '$')
      .replaceAll(/\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![A-Za-z]))/g, ' degrees ')
      .replaceAll(/\\([A-Za-z]+)/g, (command, name: string) => SPELLINGS.get(name) ?? command)
      .replaceAll(/(?<=[\p{L})}])_(?:\{[^{}]*\}|\d)/gu, '')
      // \frac12, \frac1{2}, \frac{1}2
      .replaceAll(/\\frac\s*(\d)/g, '\\frac{$1}')
      .replaceAll(/(\\frac\s*\{[^{}]*\})\s*(\d)/g, '$1{$2}')
      .replaceAll(/[^\p{ASCII}]/gu, (sign) => SIGNS.get(sign) ?? sign)
      // A dash between two numbers is a range, which is none.
      .replaceAll(/(?<=\d)\s?[\u2013\u2014]\s?(?=\d)/g, ':')
      .replaceAll(/\u2013(?=[\d.\\])/g, '-')
      .replaceAll(CURRENCIES, '')
      .replaceAll(/\p{Sc}/gu, ' ')
  );
}

/** Decimal digits of any script. They stand in tens, each ten from its zero on. */
function digits(text: string): string {
  return text.replaceAll(/(?![0-9])\p{Nd}/gu, (digit) => {
    const normal = digit.normalize('NFKC');
    if (/^[0-9]$/.test(normal)) return normal;
    const code = digit.codePointAt(0) ?? 0;
    let zero = code;
    while (zero > code - 9 && /^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
    return String(code - zero);
  });
}

function lowered(raised: string): string {
  return raised.normalize('NFKD').replace('\u2212', '-');
}

function names(...lists: readonly string[]): readonly string[] {
  return lists.flatMap((list) => list.split(' '));
}
