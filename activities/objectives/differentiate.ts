/**
 * Value and gradient of a loss that was noted down. The only file that knows the library, whose arrays are
 * reference-counted: every use but the last of an array takes `.ref`.
 */
import { init, jit, lax, nn, numpy as np, valueAndGrad } from '@jax-js/jax';
import { Values, type Node, type Operation } from './values.ts';

type Raw = np.Array;

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Row after row. */
  readonly data: Float32Array;
}

/** The loss of `x`; `constant` turns a matrix of the same shape into values that the loss may use. */
export type Loss = (x: Values, constant: (data: Float32Array) => Values) => Values;

/** Value and gradient at `at`, in float32. */
export async function differentiate(
  at: Matrix,
  loss: Loss,
): Promise<{ readonly value: number; readonly gradient: Float32Array }> {
  await init('wasm');
  const nodes: Node[] = [];
  const x = new Values(nodes, { kind: 'argument' });
  const { index } = loss(x, (data) => new Values(nodes, { kind: 'matrix', data }));
  const given = nodes.flatMap((node) => {
    if (node.kind === 'matrix') return [array(node.data, [at.rows, at.columns])];
    return node.kind === 'number' ? [array(Float32Array.of(node.value), [])] : [];
  });
  const compiled = compiledFor(nodes, index, at);
  const [value, gradient] = compiled(array(at.data, [at.rows, at.columns]), given);
  if (value === undefined || gradient === undefined) throw new Error('the compiled loss returned too few arrays');
  const [total] = value.dataSync() as Float32Array;
  return { value: total ?? Number.NaN, gradient: Float32Array.from(gradient.dataSync() as Float32Array) };
}

type Compiled = (x: Raw, given: Raw[]) => Raw[];

/**
 * By what is computed, and of which shape; the numbers are arguments. Without it every batch would be traced anew, and
 * the library keeps every trace for good.
 */
const compilations = new Map<string, Compiled>();

function compiledFor(nodes: readonly Node[], result: number, { rows, columns }: Matrix): Compiled {
  const steps = nodes.map((node) => (node.kind === 'operation' ? [node.name, ...node.operands] : node.kind[0]));
  const key = JSON.stringify([rows, columns, result, steps]);
  const known = compilations.get(key) ?? compile(nodes.map(withoutNumbers), result);
  compilations.set(key, known);
  return known;
}

/** What is compiled must not hold on to the batch that it was first compiled for. */
function withoutNumbers(node: Node): Node {
  return node.kind === 'matrix' ? { kind: 'matrix', data: new Float32Array() } : node;
}

function compile(nodes: readonly Node[], result: number): Compiled {
  return jit((x: Raw, given: Raw[]) => {
    const [value, gradient] = valueAndGrad((at: Raw) => compute(nodes, result, at, given))(x);
    return [value, gradient];
  });
}

/** Every array made is let go of at the end, but for the result. */
function compute(nodes: readonly Node[], result: number, x: Raw, given: readonly Raw[]): Raw {
  const made: Raw[] = [];
  const leaves = given.values();
  for (const node of nodes) made.push(node.kind === 'operation' ? apply(node, made) : leaf(node, x, leaves));
  const answer = at(made, result).ref;
  for (const raw of made) raw.dispose();
  return answer;
}

function leaf(node: Node, x: Raw, leaves: Iterator<Raw>): Raw {
  if (node.kind === 'argument') return x;
  const next = leaves.next();
  if (next.done === true) throw new Error('the loss was compiled for more numbers');
  return next.value.ref;
}

const OPERATIONS: Readonly<Record<Operation, (a: Raw, b: Raw) => Raw>> = {
  add: (a, b) => a.add(b),
  sub: (a, b) => a.sub(b),
  mul: (a, b) => a.mul(b),
  div: (a, b) => a.div(b),
  min: (a, b) => np.minimum(a, b),
  max: (a, b) => np.maximum(a, b),
  pow: (a, b) => np.power(a, b),
  exp: (a) => np.exp(a),
  log: (a) => np.log(a),
  logSigmoid: (a) => nn.logSigmoid(a),
  detach: (a) => lax.stopGradient(a),
  sumPositions: (a) => np.sum(a, -1),
  sum: (a) => np.sum(a),
  mean: (a) => np.mean(a),
  even: (a) => a.reshape([-1, 2]).slice([], 0),
  odd: (a) => a.reshape([-1, 2]).slice([], 1),
};

function apply({ name, operands }: Extract<Node, { kind: 'operation' }>, made: readonly Raw[]): Raw {
  const [a = 0, b] = operands;
  const first = at(made, a).ref;
  // Operations of one operand never touch the other.
  return OPERATIONS[name](first, b === undefined ? first : at(made, b).ref);
}

function at(made: readonly Raw[], index: number): Raw {
  const raw = made[index];
  if (raw === undefined) throw new Error('the loss uses values of another batch');
  return raw;
}

function array(data: Float32Array, shape: number[]): Raw {
  return np.array(data, { shape, dtype: np.float32, device: 'wasm' });
}
