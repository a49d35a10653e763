/** Tensors as they travel: flat numbers with a shape, or the non-zero values of a sparse matrix. */
import type { TensorData } from './schemas.ts';

export type Dtype = TensorData['dtype'];

/** A dense tensor of one or two dimensions, row by row. */
export interface Tensor {
  readonly values: readonly number[];
  readonly shape: readonly number[];
}

/** What a tensor may hold: a row for each token of its datum, and no more columns than there are tokens to tell apart. */
interface Bounds {
  readonly rows: number;
  readonly columns: number;
}

/** Throws an error that names the tensor. Its shape is looked at before anything is made of it. */
export function readTensor(
  inputs: Readonly<Record<string, TensorData>>,
  name: string,
  dtypes: readonly Dtype[],
  bounds: Bounds,
): Tensor | undefined {
  const found = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
  if (found === undefined) return undefined;
  if (!dtypes.includes(found.dtype)) throw new Error(`loss_fn_inputs.${name} must be ${dtypes.join(' or ')}`);
  const shape = found.shape ?? [found.data.length];
  const sparse = found.sparse_crow_indices !== undefined || found.sparse_col_indices !== undefined;
  const problem = shapeProblem(shape, bounds) ?? (sparse ? sparseProblem(found, shape) : denseProblem(found, shape));
  if (problem !== undefined) throw new Error(`loss_fn_inputs.${name}${problem}`);
  return { values: sparse ? denseOf(found, shape) : found.data, shape };
}

function shapeProblem(shape: readonly number[], { rows, columns }: Bounds): string | undefined {
  if (shape.length === 0 || shape.length > 2) {
    return ` has a shape of ${shape.length} dimensions: one or two are possible`;
  }
  const [length = 0, width = 1] = shape;
  if (length !== rows) return ` has ${length} values for ${rows} input tokens`;
  return width > columns ? ` has ${width} columns for a vocabulary of ${columns}` : undefined;
}

function denseProblem({ data }: TensorData, shape: readonly number[]): string | undefined {
  const cells = shape.reduce((product, side) => product * side, 1);
  return cells === data.length ? undefined : ` has ${data.length} values, which is not shape [${shape.join(', ')}]`;
}

function sparseProblem(found: TensorData, shape: readonly number[]): string | undefined {
  const [rows = 0, width = 0] = shape;
  if (shape.length !== 2) return ': a sparse tensor needs a shape of two dimensions';
  const { crow, columns } = indicesOf(found);
  const entries = found.data.length;
  const fits = crow.length === rows + 1 && crow[0] === 0 && crow[rows] === entries && columns.length === entries;
  if (!fits) return ': sparse indices do not fit the values';
  if (crow.some((start, row) => start > (crow[row + 1] ?? start))) return ': sparse row indices must not fall';
  return columns.some((column) => column >= width) ? `: a column beyond the row of ${width}` : undefined;
}

/** Compressed sparse rows: row i holds the entries from `crow[i]` up to `crow[i + 1]`. */
function denseOf(found: TensorData, [rows = 0, width = 0]: readonly number[]): number[] {
  const { data } = found;
  const { crow, columns } = indicesOf(found);
  const dense = Array.from({ length: rows * width }, () => 0);
  for (let row = 0; row < rows; row++) {
    for (let entry = crow[row] ?? 0; entry < (crow[row + 1] ?? 0); entry++) {
      dense[row * width + (columns[entry] ?? 0)] = data[entry] ?? 0;
    }
  }
  return dense;
}

function indicesOf({ sparse_crow_indices: crow = [], sparse_col_indices: columns = [] }: TensorData): {
  crow: readonly number[];
  columns: readonly number[];
} {
  return { crow, columns };
}
