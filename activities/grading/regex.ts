/** `regex`: an answer matches a pattern, the reference's or one for all. */
import { createContext, Script } from 'node:vm';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { TextGrader } from './grader.ts';
import { linearPattern, type LinearPattern } from './linear-pattern.ts';

/** Patterns that RE2 has not may take ages with some texts, and nothing else would run in the meantime. */
const TIMEOUT_MS = 500;

const script = new Script('new RegExp(source, flags).test(text)');
const context = createContext({});

const MAX_KNOWN = 1_000;

export function regex({ pattern, flags }: { pattern?: string | undefined; flags: string }): TextGrader {
  const known = new Map<string, LinearPattern | undefined>();
  return {
    binary: true,
    refuses: (reference) => problemOf(pattern ?? reference, flags),
    score(output, reference) {
      const source = pattern ?? reference;
      const linear = opened(source);
      const holds = linear?.covers(output) === true ? linear.test(output) : matches(source, flags, output);
      return holds ? 1 : 0;
    },
  };

  function opened(source: string): LinearPattern | undefined {
    if (!known.has(source)) {
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(source, linearPattern(source, flags));
    }
    return known.get(source);
  }
}

/** A pattern of a schema: those that RE2 has take no time to speak of, and the others what the pool allows. */
export function schemaPattern(source: string, flags: string): { test(text: string): boolean; toString(): string } {
  const linear = linearPattern(source, flags);
  const native = new RegExp(source, flags);
  return {
    test: (text) => (linear?.covers(text) === true ? linear.test(text) : native.test(text)),
    // ajv takes those that are spelled alike for one.
    toString: () => native.toString(),
  };
}

function problemOf(source: string, flags: string): string | undefined {
  try {
    void new RegExp(source, flags);
    return foreign(source, flags);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const OWN_ESCAPES = new Set('bBcdDfknrsStuvwWx');
const INSTEAD: Readonly<Record<string, string>> = { A: '^', Z: '$', z: '$', p: 'flags: u', P: 'flags: u' };

/** What Python, PCRE or POSIX know, and JavaScript without `u` takes for letters. */
function foreign(source: string, flags: string): string | undefined {
  if (flags.includes('u')) return undefined;
  const [posix] = /\[\[:\^?[a-z]+:\]/.exec(source) ?? [];
  if (posix !== undefined) return `JavaScript has no ${posix}]: write the characters, such as [A-Za-z]`;
  for (const [, letter = ''] of source.matchAll(/\\(u\{|[^])/g)) {
    if (letter === 'u{') return String.raw`\u{…} needs flags: u`;
    if (!/[A-Za-z]/.test(letter) || OWN_ESCAPES.has(letter)) continue;
    const instead = INSTEAD[letter] ?? 'what JavaScript has for it';
    return `JavaScript takes \\${letter} for the letter ${letter}: use ${instead}`;
  }
  return undefined;
}

function matches(source: string, flags: string, text: string): boolean {
  Object.assign(context, { source, flags, text });
  try {
    return script.runInContext(context, { timeout: TIMEOUT_MS }) === true;
  } catch (cause) {
    throw new PawlError('InvalidRequest', `the pattern ${source} takes too long: write it without nested repetitions`, {
      cause,
    });
  }
}
