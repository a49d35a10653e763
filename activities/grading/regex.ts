/** `regex`: an answer matches a pattern, the reference's or one for all. */
import { createContext, Script } from 'node:vm';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { TextGrader } from './grader.ts';

/** Some patterns take ages with some texts, and nothing else would run in the meantime. */
const TIMEOUT_MS = 500;

const script = new Script('new RegExp(source, flags).test(text)');
const context = createContext({});

export function regex({ pattern, flags }: { pattern?: string | undefined; flags: string }): TextGrader {
  return {
    binary: true,
    refuses: (reference) => problemOf(pattern ?? reference, flags),
    score: (output, reference) => (matches(pattern ?? reference, flags, output) ? 1 : 0),
  };
}

function problemOf(source: string, flags: string): string | undefined {
  try {
    void new RegExp(source, flags);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
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
