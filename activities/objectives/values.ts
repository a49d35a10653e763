/**
 * Arrays that a loss can be differentiated through. The only file that knows the library: its arrays are
 * reference-counted and die when used, `Values` are immutable and live as long as the loss is computed.
 */
import { init, lax, nn, numpy as np, valueAndGrad } from '@jax-js/jax';

type Raw = np.Array;

/** Every array made while a loss is computed, so that all of them can be let go of. */
type Scope = Raw[];

/**
 * A matrix with a row per example and a column per position, a vector with an element per example, or a single number.
 * Operators work element by element and never change their operands.
 */
export class Values {
  readonly #raw: Raw;
  readonly #scope: Scope;

  constructor(raw: Raw, scope: Scope) {
    this.#raw = raw;
    this.#scope = scope;
    scope.push(raw);
  }

  #made(raw: Raw): Values {
    return new Values(raw, this.#scope);
  }

  add(other: Values | number): Values {
    return this.#made(this.#raw.ref.add(operand(other)));
  }

  sub(other: Values | number): Values {
    return this.#made(this.#raw.ref.sub(operand(other)));
  }

  mul(other: Values | number): Values {
    return this.#made(this.#raw.ref.mul(operand(other)));
  }

  div(other: Values | number): Values {
    return this.#made(this.#raw.ref.div(operand(other)));
  }

  neg(): Values {
    return this.mul(-1);
  }

  exp(): Values {
    return this.#made(np.exp(this.#raw.ref));
  }

  log(): Values {
    return this.#made(np.log(this.#raw.ref));
  }

  /** log(1 / (1 + e^−x)), also where e^−x would overflow. */
  logSigmoid(): Values {
    return this.#made(nn.logSigmoid(this.#raw.ref));
  }

  pow(exponent: number): Values {
    return this.#made(np.power(this.#raw.ref, exponent));
  }

  min(other: Values | number): Values {
    return this.#made(np.minimum(this.#raw.ref, operand(other)));
  }

  max(other: Values | number): Values {
    return this.#made(np.maximum(this.#raw.ref, operand(other)));
  }

  /** Zero gradient outside of the bounds. */
  clip(low: number, high: number): Values {
    return this.#made(np.clip(this.#raw.ref, low, high));
  }

  /** The same numbers, through which no gradient flows. */
  detach(): Values {
    return this.#made(lax.stopGradient(this.#raw.ref));
  }

  /** Matrix to vector: the sum of each example's positions. */
  sumPositions(): Values {
    return this.#made(np.sum(this.#raw.ref, -1));
  }

  /** To a single number. */
  sum(): Values {
    return this.#made(np.sum(this.#raw.ref));
  }

  /** To a single number. */
  mean(): Values {
    return this.#made(np.mean(this.#raw.ref));
  }

  /** Vector of examples 0, 1, 2, 3, … to the vectors of 0, 2, … and of 1, 3, … */
  pairs(): { readonly even: Values; readonly odd: Values } {
    const matrix = this.#made(this.#raw.ref.reshape([-1, 2]));
    const pick = (column: 0 | 1): Values => this.#made(matrix.#raw.ref.slice([], column));
    return { even: pick(0), odd: pick(1) };
  }

  static raw(values: Values): Raw {
    return values.#raw.ref;
  }
}

function operand(other: Values | number): Raw | number {
  return typeof other === 'number' ? other : Values.raw(other);
}

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Row after row. */
  readonly data: Float32Array;
}

/**
 * Value and gradient of `loss` at `at`. `constant` turns a matrix of the same shape into values that the loss may use.
 * Computed in float32.
 */
export async function differentiate(
  at: Matrix,
  loss: (x: Values, constant: (matrix: Matrix) => Values) => Values,
): Promise<{ readonly value: number; readonly gradient: Float32Array }> {
  await init('wasm');
  const traced = (x: Raw): Raw => {
    const scope: Scope = [];
    try {
      return Values.raw(loss(new Values(x, scope), (matrix) => new Values(array(matrix), scope)));
    } finally {
      for (const raw of scope) raw.dispose();
    }
  };
  const [value, gradient] = valueAndGrad(traced)(array(at));
  const [total] = value.dataSync() as Float32Array;
  return { value: total ?? Number.NaN, gradient: Float32Array.from(gradient.dataSync() as Float32Array) };
}

function array({ data, rows, columns }: Matrix): Raw {
  return np.array(data, { shape: [rows, columns], dtype: np.float32, device: 'wasm' });
}
