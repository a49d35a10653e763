/** The numbers of a text, each read with everything that belongs to it: `3/4` is not 4. */
import { expressionAt } from './expressions.ts';
import { plainNotation } from './notation.ts';
import type { Rational } from './rational.ts';
import { isLead, isUnit, joinsUnknown } from './surroundings.ts';
import { isOperator, tokenizer, type Separators, type Token } from './tokens.ts';

export interface Reading {
  /** Undefined: part of something that is no number, or none that can be read. */
  readonly value: Rational | undefined;
  readonly percent: boolean;
}

export interface ReadText {
  readonly numbers: readonly Reading[];
  /** Nothing else stands there but what a number may carry: a unit, a currency, a name before `=`. */
  readonly whole: boolean;
}

const PERCENT = /^(?:percent|percentage|pct|pc)$/i;

export function numberReader(separators: Separators): (text: string) => ReadText {
  const tokenize = tokenizer(separators);
  return (text) => readAll(tokenize(plainNotation(text)));
}

function readAll(tokens: readonly Token[]): ReadText {
  const numbers: Reading[] = [];
  const [before, after]: [Token[], Token[]] = [[], []];
  let unknownUntil: number | undefined;
  let at = 0;
  for (let token = tokens[at]; token !== undefined; token = tokens[at]) {
    const raised = isOperator(token, '^');
    const found = expressionAt(tokens, raised ? at + 1 : at);
    if (found === undefined || raised) {
      if (!raised) (numbers.length === 0 ? before : after).push(token);
      at = found === undefined ? at + 1 : found.next;
      // Of a unit or a variable: `m^2`.
      if (raised) unknownUntil = at;
      continue;
    }
    const unknown = unknownUntil === at - 1 || joinsUnknown(tokens, at, found.next);
    const percent = isPercent(tokens[found.next]);
    numbers.push({ value: unknown ? undefined : found.value, percent });
    at = found.next + Number(percent);
    unknownUntil = unknown ? at : unknownUntil;
  }
  return { numbers, whole: isWhole(numbers, before, after) };
}

function isWhole(numbers: readonly Reading[], before: readonly Token[], after: readonly Token[]): boolean {
  return numbers.length === 1 && isLead(before) && isUnit(after);
}

function isPercent(token: Token | undefined): boolean {
  return isOperator(token, '%') || (token?.kind === 'word' && PERCENT.test(token.text));
}
