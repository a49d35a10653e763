/** Every expression of a template, wherever it stands. */
import type { Expression, Statement, Target } from './nodes.ts';
import { partsOf } from './symbols.ts';

/** All expressions in statements, the ones inside others included. */
export function* expressionsIn(statements: readonly Statement[]): Generator<Expression> {
  for (const statement of statements) {
    for (const expression of ownExpressions(statement)) yield* within(expression);
    for (const body of bodiesOf(statement)) yield* expressionsIn(body);
  }
}

function* within(expression: Expression): Generator<Expression> {
  yield expression;
  for (const part of partsOf(expression)) yield* within(part);
}

function ownExpressions(statement: Statement): Expression[] {
  const of: Expression[] = [];
  if ('value' in statement) of.push(statement.value);
  if ('values' in statement) of.push(...statement.values);
  if ('iterable' in statement) of.push(statement.iterable);
  if ('test' in statement && statement.test !== undefined) of.push(statement.test);
  if ('filter' in statement && statement.filter !== undefined) of.push(statement.filter);
  if ('call' in statement && statement.call !== undefined) of.push(statement.call);
  if ('signature' in statement) of.push(...statement.signature.defaults);
  if ('branches' in statement) of.push(...statement.branches.map(({ test }) => test));
  return of;
}

function bodiesOf(statement: Statement): (readonly Statement[])[] {
  const bodies: (readonly Statement[])[] = [];
  if ('body' in statement) bodies.push(statement.body);
  if ('branches' in statement) bodies.push(...statement.branches.map(({ body }) => body));
  if ('otherwise' in statement) bodies.push(statement.otherwise);
  return bodies;
}

/** Names that a target sets. */
export function namesOf(target: Target): string[] {
  if (target.kind === 'tuple') return target.items.flatMap(namesOf);
  return target.kind === 'name' ? [target.name] : [];
}

/** Names that statements set, in whatever frame. */
export function storesIn(statements: readonly Statement[]): string[] {
  return statements.flatMap((statement) => {
    const own = 'target' in statement ? namesOf(statement.target) : statement.kind === 'macro' ? [statement.name] : [];
    return [...own, ...bodiesOf(statement).flatMap(storesIn)];
  });
}

/** Whether a `generation` block stands anywhere. */
export function hasGenerations(statements: readonly Statement[]): boolean {
  return statements.some(
    (statement) =>
      (statement.kind === 'callBlock' && statement.call === undefined) || bodiesOf(statement).some(hasGenerations),
  );
}
