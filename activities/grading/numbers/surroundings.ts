/** What stands around a number, and whether it makes something else of it: `x + 4` is not 4, nor is `3:4`. */
import { operatorAt } from './expressions.ts';
import { isOperator, type Token } from './tokens.ts';

/** Words of a unit, e.g. `square metres per second`. */
const MAX_UNIT_WORDS = 4;

/** What stands from `start` up to `next` belongs to something that cannot be read. */
export function joinsUnknown(tokens: readonly Token[], start: number, next: number): boolean {
  return (
    tokens[start - 1]?.kind === 'unknown' ||
    tokens[next]?.kind === 'unknown' ||
    isOperator(tokens[next], '^') ||
    isArgument(tokens, start) ||
    isRatio(tokens, start - 1) ||
    isRatio(tokens, next) ||
    isCoefficient(tokens, next) ||
    isOperand(tokens, start, next) ||
    isLastOfSeveral(tokens, start, next)
  );
}

/** `x =`, `USD`, `#### ` */
export function isLead(tokens: readonly Token[]): boolean {
  const told = tokens.filter((token) => !isQuiet(token));
  const [word] = told;
  if (word === undefined) return true;
  if (told.length > 1 || word.kind !== 'word') return false;
  return isVariable(word) ? tokens.at(-1) !== word : /^(?:[A-Z]{3}|Rs)$/.test(word.text);
}

export function isUnit(tokens: readonly Token[]): boolean {
  const words = tokens.filter(({ kind }) => kind === 'word').length;
  const others = tokens.filter((token) => token.kind !== 'word' && !isQuiet(token));
  return words <= MAX_UNIT_WORDS && others.every((token) => isOperator(token, '/') || isOperator(token, '*'));
}

/** f(3), 5(3) */
function isArgument(tokens: readonly Token[], start: number): boolean {
  const [first, before] = [tokens[start], tokens[start - 1]];
  if (first?.kind !== 'open' || first.spaced || before === undefined) return false;
  return ['word', 'number', 'close', 'unbrace'].includes(before.kind);
}

/** A colon without space between two numbers: a ratio, or a time. */
function isRatio(tokens: readonly Token[], at: number): boolean {
  const [left, colon, right] = [tokens[at - 1], tokens[at], tokens[at + 1]];
  if (colon?.kind !== 'gap' || colon.text !== ':' || colon.spaced || right?.spaced !== false) return false;
  return left?.kind === 'number' && right.kind === 'number';
}

/** Something is added to it, or it to something, that has no value. */
function isOperand(tokens: readonly Token[], start: number, next: number): boolean {
  const [left, right] = [tokens[start - 2], tokens[next + 1]];
  const before = joins(tokens, start - 1) && left !== undefined;
  const after = joins(tokens, next) && right !== undefined;
  return (
    (before && (isUnknown(left) || ['close', 'unbrace'].includes(left.kind))) ||
    (after && (isUnknown(right) || right.kind === 'open'))
  );
}

function joins(tokens: readonly Token[], at: number): boolean {
  const operator = tokens[at]?.kind === 'operator' ? operatorAt(tokens, at) : undefined;
  return operator !== undefined && operator !== '%' && operator !== '**';
}

/** Letters that no unit has by itself: 5m is five metres, 5x is no number. */
const VARIABLES = /^(?:[efijknqruvwDEIOPQRUXYZ]|[xyz]{1,3})$/;

/** 5x, 5xy, 5(x + 1) */
function isCoefficient(tokens: readonly Token[], next: number): boolean {
  const [first, second] = [tokens[next], tokens[next + 1]];
  if (first === undefined || first.spaced) return false;
  const factor = first.kind === 'open' ? second : first;
  return factor?.kind === 'word' && VARIABLES.test(factor.text);
}

/** (3, 4) */
function isLastOfSeveral(tokens: readonly Token[], start: number, next: number): boolean {
  const [before, after] = [tokens[start - 1], tokens[next]];
  if (before?.kind !== 'gap' || !/[,;]/.test(before.text) || after === undefined) return false;
  return ['close', 'unbrace'].includes(after.kind) || after.text === ']';
}

/** Has no value that is known: a command, or a variable. */
function isUnknown(token: Token): boolean {
  return token.kind === 'unknown' || isVariable(token);
}

function isVariable({ kind, text }: Token): boolean {
  return kind === 'word' && /^.$/u.test(text);
}

/** Says nothing beside a number. */
function isQuiet(token: Token): boolean {
  if (token.kind === 'gap') return /[=#.\n"'`]/.test(token.text);
  return ['open', 'close', 'brace', 'unbrace'].includes(token.kind) || isOperator(token, '**');
}
