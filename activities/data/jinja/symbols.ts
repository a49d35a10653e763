/**
 * Which variable a name means, decided before anything is rendered, as Jinja2 decides it: a name that a frame sets
 * anywhere is the frame's own from its beginning on, and starts as what the frame around it, or the input, has.
 * After jinja2/idtracking.py.
 */
import type { Arguments, Expression, For, If, Signature, Statement, Target } from './nodes.ts';

export type Load =
  | { readonly kind: 'parameter' | 'missing' }
  | { readonly kind: 'resolve'; readonly name: string }
  | { readonly kind: 'alias'; readonly of: Reference };

/** A variable: that of a name at a depth of frames. */
export interface Reference {
  readonly ident: string;
  readonly owner: Function_;
}

/** What becomes a function in Python: its variables live as long as one call of it. */
export class Function_ {
  readonly parent: Function_ | undefined;
  readonly #slots = new Map<string, number>();
  constructor(parent: Function_ | undefined) {
    this.parent = parent;
  }
  slot(ident: string): number {
    const known = this.#slots.get(ident);
    if (known !== undefined) return known;
    this.#slots.set(ident, this.#slots.size);
    return this.#slots.size - 1;
  }
}

export class Symbols {
  readonly level: number;
  readonly parent: Symbols | undefined;
  readonly owner: Function_;
  #references = new Map<string, Reference>();
  #loads = new Map<string, Load>();
  #stores = new Set<string>();

  constructor(owner: Function_, parent?: Symbols, level = parent === undefined ? 0 : parent.level + 1) {
    this.owner = owner;
    this.parent = parent;
    this.level = level;
  }

  copy(): Symbols {
    const copy = new Symbols(this.owner, this.parent, this.level);
    copy.#references = new Map(this.#references);
    copy.#loads = new Map(this.#loads);
    copy.#stores = new Set(this.#stores);
    return copy;
  }

  /** What each variable is when the frame begins. */
  get loads(): ReadonlyMap<string, Load> {
    return this.#loads;
  }

  find(name: string): Reference | undefined {
    return this.#references.get(name) ?? this.parent?.find(name);
  }

  #define(name: string, load: Load): void {
    const ident = `${this.level}:${name}`;
    this.#references.set(name, { ident, owner: this.owner });
    this.#loads.set(ident, load);
  }

  declare(name: string): void {
    this.#stores.add(name);
    this.#define(name, { kind: 'parameter' });
  }

  store(name: string): void {
    this.#stores.add(name);
    if (this.#references.has(name)) return;
    const outer = this.parent?.find(name);
    this.#define(name, outer === undefined ? { kind: 'missing' } : { kind: 'alias', of: outer });
  }

  load(name: string): void {
    if (this.find(name) === undefined) this.#define(name, { kind: 'resolve', name });
  }

  /** What branches set is set perhaps: it begins as what was there before. */
  merge(branches: readonly Symbols[]): void {
    const stores = new Set(branches.flatMap((branch) => [...branch.#stores]).filter((name) => !this.#stores.has(name)));
    for (const branch of branches) {
      for (const [name, reference] of branch.#references) this.#references.set(name, reference);
      for (const [ident, load] of branch.#loads) this.#loads.set(ident, load);
      for (const name of branch.#stores) this.#stores.add(name);
    }
    for (const name of stores) {
      const own = this.find(name);
      const outer = this.parent?.find(name);
      if (own !== undefined)
        this.#loads.set(own.ident, outer ? { kind: 'alias', of: outer } : { kind: 'resolve', name });
    }
  }
}

/** Names of statements that stand in the frame itself. */
export function analyze(symbols: Symbols, statements: readonly Statement[]): void {
  for (const statement of statements) visitStatement(symbols, statement);
}

/** Names of a macro: its parameters, their defaults, its body. */
export function analyzeMacro(symbols: Symbols, { parameters, defaults }: Signature, body: readonly Statement[]): void {
  for (const name of parameters) symbols.declare(name);
  for (const value of defaults) analyzeExpression(symbols, value);
  analyze(symbols, body);
}

/** Names of one turn of a loop. */
export function analyzeLoop(symbols: Symbols, { target, body }: For): void {
  symbols.declare('loop');
  analyzeTarget(symbols, target, (name) => symbols.declare(name));
  analyze(symbols, body);
}

export function analyzeTarget(symbols: Symbols, target: Target, store: (name: string) => void): void {
  if (target.kind === 'name') store(target.name);
  else if (target.kind === 'namespace') symbols.load(target.name);
  else for (const item of target.items) analyzeTarget(symbols, item, store);
}

const VISITS: { readonly [Kind in Statement['kind']]: (symbols: Symbols, it: Statement & { kind: Kind }) => void } = {
  text: () => undefined,
  break: () => undefined,
  continue: () => undefined,
  print: (symbols, { value }) => analyzeExpression(symbols, value),
  set: (symbols, { value, target }) => {
    analyzeExpression(symbols, value);
    analyzeTarget(symbols, target, (name) => symbols.store(name));
  },
  setBlock: (symbols, { target }) => analyzeTarget(symbols, target, (name) => symbols.store(name)),
  for: (symbols, { iterable }) => analyzeExpression(symbols, iterable),
  if: visitIf,
  macro: (symbols, { name }) => symbols.store(name),
  callBlock: (symbols, { call }) => {
    if (call !== undefined) analyzeExpression(symbols, call);
  },
  filterBlock: (symbols, { filter }) => analyzeExpression(symbols, filter),
  with: (symbols, { values }) => {
    for (const value of values) analyzeExpression(symbols, value);
  },
};

function visitStatement(symbols: Symbols, statement: Statement): void {
  (VISITS[statement.kind] as (symbols: Symbols, it: Statement) => void)(symbols, statement);
}

function visitIf(symbols: Symbols, { branches, otherwise }: If): void {
  const [first, ...elifs] = branches;
  if (first === undefined) return;
  analyzeExpression(symbols, first.test);
  const then = symbols.copy();
  analyze(then, first.body);
  const others = symbols.copy();
  for (const branch of elifs) visitIf(others, { kind: 'if', branches: [branch], otherwise: [] });
  const last = symbols.copy();
  analyze(last, otherwise);
  symbols.merge([then, others, last]);
}

export function analyzeExpression(symbols: Symbols, expression: Expression): void {
  if (expression.kind === 'name') symbols.load(expression.name);
  for (const part of partsOf(expression)) analyzeExpression(symbols, part);
}

function argumentsOf({ args, kwargs, rest, restByName }: Arguments): Expression[] {
  return [...args, ...kwargs.map(([, value]) => value), ...present(rest, restByName)];
}

function present(...expressions: (Expression | undefined)[]): Expression[] {
  return expressions.filter((expression) => expression !== undefined);
}

const PARTS: { readonly [Kind in Expression['kind']]: (it: Expression & { kind: Kind }) => readonly Expression[] } = {
  constant: () => [],
  name: () => [],
  attribute: ({ object }) => [object],
  item: ({ object, key }) => [object, key],
  slice: ({ object, bounds }) => present(object, ...bounds),
  call: ({ callee, call }) => [callee, ...argumentsOf(call)],
  filter: ({ value, call }) => [...present(value), ...argumentsOf(call)],
  test: ({ value, call }) => [value, ...argumentsOf(call)],
  not: ({ value }) => [value],
  negative: ({ value }) => [value],
  positive: ({ value }) => [value],
  and: ({ left, right }) => [left, right],
  or: ({ left, right }) => [left, right],
  binary: ({ left, right }) => [left, right],
  compare: ({ first, rest }) => [first, ...rest.map(([, value]) => value)],
  concat: ({ items }) => items,
  list: ({ items }) => items,
  tuple: ({ items }) => items,
  dict: ({ pairs }) => pairs.flat(),
  conditional: ({ test, value, otherwise }) => present(test, value, otherwise),
};

/** The expressions that one is made of. */
export function partsOf(expression: Expression): readonly Expression[] {
  return (PARTS[expression.kind] as (it: Expression) => readonly Expression[])(expression);
}
