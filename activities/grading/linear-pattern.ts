/** From a pattern of JavaScript to one of RE2, which takes time in proportion to the text whatever the pattern is. */
import { AST, RegExpParser } from '@eslint-community/regexpp';
import { RE2JS } from 're2js';

const LAST = 0x10ffff;
const SPACES: Ranges = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const DIGITS: Ranges = [[0x30, 0x39]];
const WORDS: Ranges = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
const LINES: Ranges = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
];

type Ranges = readonly (readonly [from: number, to: number])[];

/** What RE2 has not, or has otherwise. */
class Untranslatable extends Error {}

export interface LinearPattern {
  test(text: string): boolean;
  /** In this text, RE2 takes the same characters for the same as JavaScript does. */
  covers(text: string): boolean;
}

/**
 * The same as `new RegExp(source, flags)` for texts that it covers; undefined where RE2 cannot do it: looking around,
 * references to groups, lines (`m`), properties of Unicode. Fails with a SyntaxError where JavaScript knows no such pattern.
 */
export function linearPattern(source: string, flags: string): LinearPattern | undefined {
  // Whatever the translation makes of it, JavaScript must know the pattern.
  void new RegExp(source, flags);
  const unicode = flags.includes('u');
  try {
    const pattern = new RegExpParser().parsePattern(source, 0, source.length, { unicode });
    const compiled = RE2JS.compile(translated(pattern, flags), flags.includes('i') ? RE2JS.CASE_INSENSITIVE : 0);
    // Without `u`, JavaScript takes some characters for two, and folds cases in its own way beyond ASCII.
    const strange = unicode ? /\p{Surrogate}/u : flags.includes('i') ? /[^\p{ASCII}]/u : /[\ud800-\udfff]/;
    return { test: (text) => compiled.matcher(text).find(), covers: (text) => !strange.test(text) };
  } catch {
    return undefined;
  }
}

function translated(pattern: AST.Pattern, flags: string): string {
  const [dotAll, unicode] = [flags.includes('s'), flags.includes('u')];
  if (flags.includes('m')) throw new Untranslatable();
  return alternatives(pattern.alternatives);

  function alternatives(all: readonly AST.Alternative[]): string {
    return all.map(({ elements }) => elements.map(element).join('')).join('|');
  }

  function element(node: AST.Element): string {
    switch (node.type) {
      case 'Group':
        if (node.modifiers !== null) throw new Untranslatable();
        return `(?:${alternatives(node.alternatives)})`;
      case 'CapturingGroup':
        return `(?:${alternatives(node.alternatives)})`;
      case 'Quantifier':
        return `(?:${element(node.element)})${times(node)}`;
      case 'Assertion':
        return assertion(node);
      case 'CharacterClass':
        return characterClass(node);
      case 'CharacterSet':
        return characterSet(node);
      case 'Character':
        return character(node.value);
      case 'Backreference':
      case 'ExpressionCharacterClass':
        throw new Untranslatable();
      default:
        return node satisfies never;
    }
  }

  function character(value: number): string {
    // Halves of a pair: RE2 reads whole characters.
    if (value >= 0xd800 && value <= 0xdfff) throw new Untranslatable();
    return `\\x{${value.toString(16)}}`;
  }

  function characterClass({ elements, negate }: AST.CharacterClass): string {
    const inner = elements.map((one) => {
      if (one.type === 'Character') return character(one.value);
      if (one.type === 'CharacterClassRange') return `${character(one.min.value)}-${character(one.max.value)}`;
      if (one.type === 'CharacterSet') return members(one);
      throw new Untranslatable();
    });
    if (inner.length === 0) return negate ? '(?s:.)' : '[^\\x{0}-\\x{10ffff}]';
    return `[${negate ? '^' : ''}${inner.join('')}]`;
  }

  function characterSet(node: AST.CharacterSet): string {
    if (node.kind !== 'any') return `[${members(node)}]`;
    return dotAll ? '(?s:.)' : `[^${spelled(LINES)}]`;
  }

  function members(node: AST.CharacterSet): string {
    // Folding of cases reaches into \w and \W there, and properties of RE2 are of another edition of Unicode.
    if (node.kind === 'any' || node.kind === 'property' || (unicode && flags.includes('i'))) {
      throw new Untranslatable();
    }
    const ranges = { digit: DIGITS, space: SPACES, word: WORDS }[node.kind];
    return spelled(node.negate ? complement(ranges) : ranges);
  }
}

function assertion(node: AST.Assertion): string {
  if (node.kind === 'start') return '\\A';
  if (node.kind === 'end') return '\\z';
  if (node.kind === 'word') return node.negate ? '\\B' : '\\b';
  throw new Untranslatable();
}

function times({ min, max, greedy }: AST.Quantifier): string {
  const most = max === Infinity ? '' : String(max);
  return `{${min},${most}}${greedy ? '' : '?'}`;
}

function spelled(ranges: Ranges): string {
  return ranges.map(([from, to]) => `\\x{${from.toString(16)}}-\\x{${to.toString(16)}}`).join('');
}

function complement(ranges: Ranges): Ranges {
  const edges = [-1, ...ranges.flatMap(([from, to]) => [from, to]), LAST + 1];
  return Array.from({ length: ranges.length + 1 }, (_, index): [number, number] => [
    (edges[2 * index] ?? 0) + 1,
    (edges[2 * index + 1] ?? 0) - 1,
  ]);
}
