/**
 * Numbers that a loss is written in: each operation is only noted down, so that the loss can be compiled once, with its
 * gradient, and computed for every batch after that.
 */

/** What is known before the loss is computed, or how it is computed from what is. */
export type Node =
  | { readonly kind: 'argument' }
  | { readonly kind: 'matrix'; readonly data: Float32Array }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'operation'; readonly name: Operation; readonly operands: readonly number[] };

export type Operation =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'min'
  | 'max'
  | 'pow'
  | 'exp'
  | 'log'
  | 'logSigmoid'
  | 'detach'
  | 'sumPositions'
  | 'sum'
  | 'mean'
  | 'even'
  | 'odd';

/**
 * A matrix with a row per example and a column per position, a vector with an element per example, or a single number.
 * Operators work element by element and never change their operands.
 */
export class Values {
  readonly #nodes: Node[];
  /** Position among the nodes. */
  readonly index: number;

  constructor(nodes: Node[], node: Node) {
    this.#nodes = nodes;
    this.index = nodes.push(node) - 1;
  }

  #made(name: Operation, ...others: (Values | number)[]): Values {
    const operands = others.map((other) =>
      typeof other === 'number' ? new Values(this.#nodes, { kind: 'number', value: other }).index : other.index,
    );
    return new Values(this.#nodes, { kind: 'operation', name, operands: [this.index, ...operands] });
  }

  add(other: Values | number): Values {
    return this.#made('add', other);
  }

  sub(other: Values | number): Values {
    return this.#made('sub', other);
  }

  mul(other: Values | number): Values {
    return this.#made('mul', other);
  }

  div(other: Values | number): Values {
    return this.#made('div', other);
  }

  neg(): Values {
    return this.mul(-1);
  }

  exp(): Values {
    return this.#made('exp');
  }

  log(): Values {
    return this.#made('log');
  }

  /** log(1 / (1 + e^−x)), also where e^−x would overflow. */
  logSigmoid(): Values {
    return this.#made('logSigmoid');
  }

  /** Of numbers above zero. */
  pow(exponent: number): Values {
    return this.#made('pow', exponent);
  }

  min(other: Values | number): Values {
    return this.#made('min', other);
  }

  max(other: Values | number): Values {
    return this.#made('max', other);
  }

  /** Zero gradient outside of the bounds. */
  clip(low: number, high: number): Values {
    return this.max(low).min(high);
  }

  /** The same numbers, through which no gradient flows. */
  detach(): Values {
    return this.#made('detach');
  }

  /** Matrix to vector: the sum of each example's positions. */
  sumPositions(): Values {
    return this.#made('sumPositions');
  }

  /** To a single number. */
  sum(): Values {
    return this.#made('sum');
  }

  /** To a single number. */
  mean(): Values {
    return this.#made('mean');
  }

  /** Vector of examples 0, 1, 2, 3, … to the vectors of 0, 2, … and of 1, 3, … */
  pairs(): { readonly even: Values; readonly odd: Values } {
    return { even: this.#made('even'), odd: this.#made('odd') };
  }
}
